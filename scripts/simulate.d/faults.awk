# What can go wrong between a gateway and a reader, done to the stream of gateway.awk -v HEAD=stage.
#
# In and out: lines of arrival (ms), kind, record, with tabs between; the last line is "end".
# A periodic log suffers one fault with probability RATE.  Each is told, as one NDJSON line, to the file
# NBMS_SIM_FAULT_LOG if that is set.  Kind "fault" is news of the same sort from the model: logged only.
#	lost	never comes		late	comes 2 to 9 periods later
#	repeated comes twice		cut	last points missing, point_count as it was
#	odd	null, a boolean or text for up to three values
#	stuck	one point repeats its value for 8 to 31 periods

BEGIN {
	FS = "\t"
	LOG = ENVIRON["NBMS_SIM_FAULT_LOG"]
	LEHMER = 1 + int(hash(80, 0) * 2000000000)
}

$0 == "end" { whole = 1; next }
$2 == "fault" { news($3); next }
$2 == "periodic_log" { periodic($1, $3); next }
{ print }

END {
	if (!whole)
		exit 70
	for (i = 1; i <= HELD; i++)
		if (LATE[i] != "")
			say(LAST + 1000, LATE[i])
	print "end"
}

function news(line)
{
	if (LOG != "")
		print line > LOG
}

function tell(fault, more)
{
	news("{\"time\":\"" TIME "\",\"fault\":\"" fault "\"" more "}")
}

function periodic(arrival, record,    bad)
{
	LAST = arrival
	match(record, /"time":"[0-9]+/)
	TIME = substr(record, RSTART + 8, RLENGTH - 8)
	if (STUCK && --STUCK == 0)
		HELD_VALUE = ""
	if (STUCK)
		record = put(record, STUCK_AT, HELD_VALUE)
	bad = draw() < RATE ? int(draw() * 6) : -1
	if (bad == 4)
		record = odd(record)
	else if (bad == 5)
		stick(record)
	if (bad == 3)
		record = cut(record)
	if (bad == 0)
		tell("lost")
	else if (bad == 1)
		hold(record)
	else
		say(arrival, record)
	if (bad == 2) {
		tell("repeated")
		say(arrival + 700, record)
	}
	release(arrival)
}

function say(arrival, record)
{
	print sprintf("%.0f", arrival) "\tperiodic_log\t" record
}

function hold(record)
{
	LATE[++HELD] = record
	WAIT[HELD] = 2 + int(draw() * 8)
	tell("late", ",\"periods\":" WAIT[HELD])
}

function release(arrival,    i)
{
	for (i = FIRST_HELD + 1; i <= HELD; i++) {
		if (LATE[i] != "" && WAIT[i]-- == 0) {
			say(arrival + 900, LATE[i])
			LATE[i] = ""
		}
		if (LATE[i] == "" && i == FIRST_HELD + 1)
			FIRST_HELD = i
	}
}

function points(record)
{
	match(record, /"point_count":[0-9]+/)
	return substr(record, RSTART + 14, RLENGTH - 14) + 0
}

# Point n: sets AT to where its value starts in the record, SPAN to its length.
function find(record, n,    key, from)
{
	key = "\"point_" n "\":{\"msg\":[{\"attr_name\":\"M_Value\",\"data\":"
	from = index(record, key)
	AT = from + length(key)
	SPAN = index(substr(record, AT, 64), "}") - 1
	return from > 0 && SPAN > 0
}

function put(record, n, value)
{
	if (!find(record, n))
		return record
	return substr(record, 1, AT - 1) value substr(record, AT + SPAN)
}

function id_after(record,    rest)
{
	rest = substr(record, AT, 400)
	match(rest, /"point_id":"[^"]*/)
	return ",\"point_id\":\"" substr(rest, RSTART + 12, RLENGTH - 12) "\""
}

function odd(record,    k, n, value, which)
{
	split("null true false \"fault\" \"-\" \"\"", value, " ")
	for (k = 1 + int(draw() * 3); k > 0; k--) {
		n = int(draw() * points(record))
		which = value[1 + int(draw() * 6)]
		record = put(record, n, which)
		tell("odd", id_after(record) ",\"data\":" which)
	}
	return record
}

function stick(record)
{
	STUCK_AT = int(draw() * points(record))
	if (!find(record, STUCK_AT))
		return
	HELD_VALUE = substr(record, AT, SPAN)
	STUCK = 8 + int(draw() * 24)
	tell("stuck", id_after(record) ",\"periods\":" STUCK)
}

function cut(record,    n, keep, from, to)
{
	n = points(record)
	if (n < 2)
		return record
	keep = 1 + int(draw() * (n - 1))
	from = index(record, "\"point_" keep "\":")
	to = index(record, "\"point_count\":")
	tell("cut", ",\"points\":" keep)
	return substr(record, 1, from - 1) substr(record, to)
}
