/* Files of tender openings (CSV): what is taken comes back the same from JSON. */
#include "base/jsonw.h"
#include "fuzz.h"
#include "learn/openings.h"

static void
on_row(void *ctx, size_t line, const char *why)
{
	(void)ctx;
	must(line > 0 && why != NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct openings os = { 0 }, again = { 0 };
	struct buf text = BUF(64 << 20);
	const char *why = NULL;
	json_value root;

	if (openings_csv(&os, (struct span){ (const char *)data, n }, on_row, NULL, &why)) {
		struct jw w = jw_begin(&text);

		jw_object(&w);
		openings_put(&w, "openings", &os);
		jw_end(&w);
		must(jw_finish(&w) && fuzz_json(buf_span(&text), &root));
		openings_get(&again, json_get(root, "openings"));
		must(again.n == os.n && again.bids == os.bids);
	}
	openings_free(&os);
	openings_free(&again);
	if (fuzz_json((struct span){ (const char *)data, n }, &root))
		openings_get(&again, root);
	openings_free(&again);
	buf_free(&text);
	return 0;
}
