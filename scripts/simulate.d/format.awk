# The last stage of scripts/simulate: a stream of gateway.awk -v HEAD=stage as a capture tool shows it.
#
# In: lines of arrival (ms), kind, record, with tabs between; the last line is "end".
# FORMAT is bare, sub-v, j, J or kcat; PRETTY 1 prints the record over several lines, as some gateways
# do.  Such a record stays on one line inside a JSON string (j, kcat), and J shows it as one value.

BEGIN {
	FS = "\t"
	zone_load(ZONES)
	TOPIC = ENVIRON["NBMS_SIM_TOPIC"]
}

$0 == "end" { whole = 1; next }
$2 == "fault" { next }
{
	record = PRETTY ? pretty($3) : $3
	if (FORMAT == "bare")
		print record
	else if (FORMAT == "sub-v")
		print TOPIC " " record
	else if (FORMAT == "j")
		print mosquitto($1, record) quoted(record) "}"
	else if (FORMAT == "J")
		print mosquitto($1, record) $3 "}"
	else
		print kafka($1) quoted(record) "}"
}

END {
	if (!whole)
		exit 70
}

# mosquitto_sub -F %j and -F %J at QoS 1, up to the payload.
function mosquitto(arrival, record)
{
	mid = mid % 65535 + 1
	return "{\"tst\":\"" stamp(arrival) "\",\"topic\":\"" TOPIC "\",\"qos\":1,\"retain\":0,\"payloadlen\":" \
	    length(record) ",\"mid\":" mid ",\"payload\":"
}

# kcat -J, up to the payload; the key is the thing.
function kafka(arrival)
{
	return "{\"topic\":\"" TOPIC "\",\"partition\":0,\"offset\":" offset++ ",\"tstype\":\"create\",\"ts\":" \
	    arrival ",\"broker\":1,\"key\":\"" THING "\",\"payload\":"
}

function stamp(arrival,    t, offset, local, day, side)
{
	t = int(arrival / 1000)
	offset = zone_offset(t)
	local = t + offset
	day = int(local / 86400)
	local -= day * 86400
	side = offset < 0 ? "-" : "+"
	offset = offset < 0 ? -offset : offset
	day = day_date(day)
	return sprintf("%s-%s-%sT%02d:%02d:%02d.%03d%03d%s%02d%02d", substr(day, 1, 4), substr(day, 5, 2), \
	    substr(day, 7), int(local / 3600), int(local / 60) % 60, local % 60, arrival % 1000, \
	    NR * 137 % 1000, side, int(offset / 3600), int(offset / 60) % 60)
}

# As a JSON string.  The records hold no backslash, and no control byte but the line feeds of pretty().
function quoted(text)
{
	gsub(/"/, "\\\"", text)
	gsub(/\n/, "\\n", text)
	return "\"" text "\""
}

# Structure is what lies outside quotes; the records hold no escaped quotes.  Text gathers in line and
# goes over to out now and then, which keeps the copying linear.
function pretty(text,    n, i, k, c, out, line, depth, part)
{
	n = split(text, part, "\"")
	for (i = 1; i <= n; i++) {
		if (i % 2 == 0) {
			line = line "\"" part[i] "\""
			continue
		}
		for (k = 1; k <= length(part[i]); k++) {
			c = substr(part[i], k, 1)
			if (c == "{" || c == "[")
				line = line c "\n" blanks(++depth)
			else if (c == "}" || c == "]")
				line = line "\n" blanks(--depth) c
			else if (c == ",")
				line = line c "\n" blanks(depth)
			else
				line = line (c == ":" ? ": " : c)
		}
		if (length(line) > 1000) {
			out = out line
			line = ""
		}
	}
	return out line
}

function blanks(n)
{
	return substr("                    ", 1, 2 * n)
}
