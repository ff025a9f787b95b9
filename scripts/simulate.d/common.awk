# What the stages of scripts/simulate share: numbers from a seed and the local clock of a zone.
# Plain POSIX awk; every integer stays below 2^53, so mawk and gawk agree to the last byte.

# Contract: a number in [0,1) that depends on seed, stream and key alone, so the weather of a day or
# the habits of a room are the same whatever span is asked for.  stream < 900, 0 <= key < 2^40.
function hash(stream, key,    x)
{
	x = (key + stream * 7919 + SEED * 104729 + 31) % 94906249
	x = (x * x + 12345) % 94906249
	x = (x * x + key % 65536 + 77) % 94906249
	x = (x * x + stream + 3) % 94906249
	return x / 94906249
}

# The next number in [0,1) of one running sequence (Lehmer, 48271 mod 2^31 - 1).
function draw()
{
	LEHMER = (LEHMER * 48271) % 2147483647
	return LEHMER / 2147483647
}

# Contract: spec is "epoch:offset epoch:offset ..." in rising order, offsets in seconds east of UTC,
# each in force from its epoch until the next.
function zone_load(spec,    n, i, part, pair)
{
	n = split(spec, part, " ")
	for (i = 1; i <= n; i++) {
		split(part[i], pair, ":")
		ZFROM[i] = pair[1] + 0
		ZOFF[i] = pair[2] + 0
	}
	ZN = n
}

function zone_offset(t,    i)
{
	for (i = ZN; i > 1 && t < ZFROM[i]; i--)
		;
	return ZOFF[i]
}

# Contract: YYYYMMDD of a day counted from 1970-01-01.  Civil-from-days over 400-year eras, which
# start on 1 March so that the leap day comes last.
function day_date(days,    z, era, doe, yoe, doy, mp, y, m)
{
	z = days + 719468
	era = int(z / 146097)
	doe = z - era * 146097
	yoe = int((doe - int(doe / 1460) + int(doe / 36524) - int(doe / 146096)) / 365)
	doy = doe - (365 * yoe + int(yoe / 4) - int(yoe / 100))
	mp = int((5 * doy + 2) / 153)
	m = mp < 10 ? mp + 3 : mp - 9
	y = yoe + era * 400 + (m <= 2)
	return sprintf("%04d%02d%02d", y, m, doy - int((153 * mp + 2) / 5) + 1)
}
