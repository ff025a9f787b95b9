/* Records for the broker: what is taken has a topic that can be published to. */
#include "fuzz.h"
#include "io/outbox.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct buf why = BUF(4096);
	struct post *p;
	json_value root;

	if (!fuzz_json((struct span){ (const char *)data, n }, &root) ||
	    json_kind_of(root) != JSON_OBJECT)
		return 0;
	p = post_parse(root, &why);
	must(p != NULL || why.n > 0);
	if (p != NULL)
		must(p->topic[0] != '\0' && strpbrk(p->topic, "+#") == NULL && p->qos >= 0 &&
		     p->qos <= 2);
	post_free(p);
	buf_free(&why);
	return 0;
}
