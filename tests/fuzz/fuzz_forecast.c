/* What weather services answer: taken, its hours are weather and rise. The first byte says
 * whose it is. */
#include "bms/forecast.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char *const names[] = { "owm-2.5", "owm-3.0", "open-meteo" };
	static struct forecast f;
	static struct forecast_point hours[48];
	struct buf why = BUF(4096);
	json_value root;
	size_t k;

	if (n < 1 || !fuzz_json((struct span){ (const char *)data + 1, n - 1 }, &root))
		return 0;
	memset(&f, 0, sizeof(f));
	if (!forecast_read(
		forecast_provider(span_of(names[data[0] % 3])), root, 1664841600, &f, &why)) {
		must(why.n > 0);
		buf_free(&why);
		return 0;
	}
	must(f.n > 0 && f.n <= FORECAST_POINTS);
	for (k = 0; k < f.n; k++) {
		must(f.points[k].temperature >= -90 && f.points[k].temperature <= 60);
		must(f.points[k].humidity >= 0 && f.points[k].humidity <= 100);
		must(k == 0 || f.points[k].at > f.points[k - 1].at);
	}
	must(forecast_hourly(&f, 1664841600, 48, hours) <= 48);
	buf_free(&why);
	return 0;
}
