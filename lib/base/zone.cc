#include "base/zone.h"
#include "base/diag.h"

#include <cctz/time_zone.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace
{

using seconds = std::chrono::seconds;
using instant = cctz::time_point<cctz::seconds>;

const cctz::time_zone &
of(const void *zone)
{
	return *static_cast<const cctz::time_zone *>(zone);
}

instant
at(when_t t)
{
	return instant(cctz::seconds(t));
}

when_t
count(instant t)
{
	return t.time_since_epoch().count();
}

/*
 * A zone that could not be loaded does not exist, or the system refused: no memory, no
 * descriptors left. The second is no reason to reject a record.
 */
void
must_be_absent(const char *name)
{
	const char *dir = getenv("TZDIR");
	const auto path =
	    std::string(dir != nullptr ? dir : "/usr/share/zoneinfo") + "/" + name;
	FILE *f = fopen(path.c_str(), "re");
	char magic[4] = "";
	bool there = f == nullptr ? errno != ENOENT && errno != ENOTDIR && errno != EACCES
				  : fread(magic, 1, sizeof(magic), f) == sizeof(magic) &&
					memcmp(magic, "TZif", sizeof(magic)) == 0;

	if (f != nullptr)
		(void)fclose(f);
	if (there)
		die(EX_OSERR, "time zone %s: cannot be loaded: %s", name,
		    f == nullptr ? strerror(errno) : "no memory, or no descriptor left");
}

} // namespace

void *
zone_load(const char *name)
{
	cctz::time_zone found;

	if (!cctz::load_time_zone(name, &found)) {
		must_be_absent(name);
		return nullptr;
	}
	return new cctz::time_zone(found);
}

enum when_fit
zone_lookup(const void *zone, struct civil c, when_t *pre, when_t *post, when_t *change)
{
	auto found = of(zone).lookup(
	    cctz::civil_second(c.year, c.month, c.day, c.hour, c.minute, c.second));

	*pre = count(found.pre);
	*post = count(found.post);
	*change = count(found.trans);
	switch (found.kind) {
	case cctz::time_zone::civil_lookup::SKIPPED:
		return WHEN_SKIPPED;
	case cctz::time_zone::civil_lookup::REPEATED:
		return WHEN_REPEATED;
	default:
		return WHEN_UNIQUE;
	}
}

int
zone_offset(const void *zone, when_t t)
{
	return of(zone).lookup(at(t)).offset;
}

when_t
zone_next_change(const void *zone, when_t t)
{
	cctz::time_zone::civil_transition change;

	if (!of(zone).next_transition(at(t), &change))
		return WHEN_NONE;
	return count(of(zone).lookup(change.to).trans);
}
