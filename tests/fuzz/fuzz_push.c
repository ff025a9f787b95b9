/* What the services that people are told through answer, and what endpoints are called: the
 * first byte chooses. */
#include "fuzz.h"
#include "io/channel.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct channels *channels;
	static const int statuses[] = { 0, 200, 201, 250, 400, 401, 403, 404, 410, 429, 451,
		500, 503, 550 };
	struct post_result r = { .retry_after = -1 };
	struct channel_outcome o;
	enum channel_kind kind;
	struct span text;

	if (channels == NULL)
		channels = channels_read("/nonexistent");
	if (n < 2)
		return 0;
	text = (struct span){ (const char *)data + 2, n - 2 };
	if (channel_of(text, &kind))
		must(kind < CHANNEL_KINDS && channel_name(kind)[0] != '\0');
	r.status = statuses[data[0] % (sizeof(statuses) / sizeof(statuses[0]))];
	r.body = text;
	r.in_doubt = r.status == 0 && data[1] > 127;
	r.error = r.status == 0 ? "no answer" : NULL;
	memset(&o, 0, sizeof(o));
	channel_judge(channels, (enum channel_kind)(data[1] % CHANNEL_KINDS), &r, &o);
	must(o.verdict <= CHANNEL_DOUBT && memchr(o.id, '\0', sizeof(o.id)) != NULL &&
	     memchr(o.why, '\0', sizeof(o.why)) != NULL);
	return 0;
}
