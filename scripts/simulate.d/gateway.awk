# The gateway of scripts/simulate: runs the building over a span and says what a gateway would.
#
# In (-v): THING ZONES SEED FROM UNTIL (epoch seconds) PERIOD (minutes) POINTS SPLIT KINDS HOLIDAYS,
# RESETS (meters exchanged, a period), OUTAGES (1: field networks fall silent now and then) and HEAD
# (see head()); NBMS_SIM_TOPIC in the environment.

BEGIN {
	ORS = OFS = ""
	OFMT = CONVFMT = "%.12g"
	zone_load(ZONES)
	LEHMER = 1 + int(hash(1, 0) * 2000000000)
	TOPIC = ENVIRON["NBMS_SIM_TOPIC"]
	n = split(KINDS, kind_list, ",")
	for (i = 1; i <= n; i++)
		WANT[kind_list[i]] = 1
	n = split(HOLIDAYS, kind_list, ",")
	for (i = 1; i <= n; i++)
		HOLIDAY[kind_list[i]] = 1
	STEP = PERIOD / 60
	UNITS = PN = VN = 0
	types()
	plan()
	wire()
	tables()
	furnish()
	# A day of running before the first record, so that rooms, plant and registers are under way.
	for (now = FROM - int(1440 / PERIOD) * PERIOD * 60; now < FROM; now += PERIOD * 60)
		step(now)
	for (; now < UNTIL; now += PERIOD * 60) {
		step(now)
		if (now == FROM && WANT["init"])
			say_init()
		say()
	}
	if (HEAD == "stage")
		print "end\n"
}

# Open a record that arrives delay seconds after t: what its line starts with.
#	none	nothing			topic	the topic and a space, as mosquitto_sub -v
#	stage	arrival in ms, kind, each with a tab, for the next stage
function head(t, delay, kind)
{
	if (HEAD == "topic")
		print TOPIC, " "
	else if (HEAD == "stage")
		print sprintf("%.0f", (t + delay) * 1000), "\t", kind, "\t"
	print "{\"thing\":\"", THING, "\",\"point\":\"", kind, "\",\"message\":{\"msg_type\":\""
}

function say()
{
	if (RESET != "")
		print sprintf("%.0f", now * 1000), "\tfault\t{\"time\":\"", STAMP, "\",\"fault\":\"reset\",\"point_id\":\"", RESET, "\"}\n"
	RESET = ""
	DELAY = 1 + int(draw() * 2500) / 1000
	if (WANT["disconnect"])
		say_disconnect()
	if (WANT["periodic_log"])
		say_periodic_log()
	if (WANT["timestamp_last"]) {
		head(now, DELAY + 0.2, "timestamp_last")
		print "Timestamp_Last\",\"time\":\"", STAMP, "\"}}\n"
	}
	if (WANT["alarm"])
		say_alarm()
	if (WANT["realtime"]) {
		say_realtime(int(PERIOD * 20))
		say_realtime(int(PERIOD * 40))
	}
}

function say_periodic_log(    j, n)
{
	head(now, DELAY, "periodic_log")
	print "Periodic_Log\","
	n = VN - 3
	for (j = 0; j < n; j += 4)
		print TEXT[j], VALUE[j], TEXT[j + 1], VALUE[j + 1], TEXT[j + 2], VALUE[j + 2], \
		    TEXT[j + 3], VALUE[j + 3]
	for (; j < VN; j++)
		print TEXT[j], VALUE[j]
	print "\"point_count\":", PN, ",\"time\":\"", STAMP, "\"}}\n"
}

# All points, in SPLIT records of the same time, each numbered from nought.
function say_init(    part, p, last, k, u, i, side)
{
	split("North East South West Core", side, " ")
	u = 0
	i = 1
	for (part = 0; part < SPLIT; part++) {
		head(now, 0.2 + part / 10, "init")
		print "Init\","
		p = int(part * PN / SPLIT)
		last = int((part + 1) * PN / SPLIT)
		for (k = 0; p < last; k++) {
			print "\"point_", k, "\":{\"point_id\":\"", ID[p], "\",\"point_info\":{\"name\":\"", point_name(u, i), \
			    "\",\"class\":\"", CLASS[TYPE[u]], "\",\"type\":\"", OBJECT[TYPE[u], i], \
			    "\",\"unit\":\"", UNIT[TYPE[u], i], "\"},\"point_location\":{\"floor\":\"", FLOOR[u], \
			    "F\",\"zone\":\"", side[SIDE[u] + 1], "\"}},"
			p++
			if (++i > SIZE[TYPE[u]]) {
				i = 1
				u++
			}
		}
		print "\"point_count\":", k, ",\"time\":\"", STAMP, "\"}}\n"
	}
}

# The name of a point reads class, role, unit number.
function point_name(u, i)
{
	return CLASS[TYPE[u]] ROLE[TYPE[u], i] sprintf("_%02d", NUMBER[u])
}

# Alarms: raise, update to a graver level, acknowledgement half the time, clear.
function say_alarm(    a, u, t)
{
	ALARMS = ""
	ALARM_N = 0
	for (a = 1; a <= COUNT["AHU"]; a++) {
		u = AHU[a]
		alarm(u, 12, TRIPPED[a] ? 2 : 0, TRIPPED[a] + 0, "supply fan tripped")
		alarm(u, 11, DIRTY[a] ? 4 : 0, VALUE[V0[u] + 6], "filter is clogged")
		for (u++; u < AHU_END[a]; u++) {
			t = ROOM[u] - GOAL_T[u]
			if (BOX_CODE[a] % 2 == 0)
				t = 0
			alarm(u, 3, t > 5 ? 2 : t > 3 || t > 2 && STANDS[ID[P0[u] + 2]] ? 3 : 0, \
			    VALUE[V0[u]], "zone is too warm")
		}
	}
	if (ALARM_N == 0)
		return
	head(now, DELAY + 0.4, "alarm")
	print "Alarm\",", ALARMS, "\"alarm_count\":", ALARM_N, ",\"time\":\"", STAMP, "\"}}\n"
}

# Role i of unit u stands at level (0: it does not).
function alarm(u, i, level, value, text,    id, was, event)
{
	id = ID[P0[u] + i - 1]
	was = STANDS[id] + 0
	if (level == was) {
		if (level && --ACK[id] == 0)
			alarm_say(u, i, id, "ack", level, value, text)
		return
	}
	event = !was ? "raise" : !level ? "clear" : "update"
	STANDS[id] = level
	if (event == "raise")
		ACK[id] = hash(72, int(now / 60) + u) < 0.5 ? 2 : 0
	alarm_say(u, i, id, event, level ? level : was, value, level ? text : "back to normal")
}

function alarm_say(u, i, id, event, level, value, text,    alarm_id)
{
	alarm_id = id
	sub(/\.[A-Z]+-/, ".EE-", alarm_id)
	ALARMS = ALARMS "\"alarm_" ALARM_N++ "\":{\"alarm_point_id\":\"" alarm_id "\",\"alarm_name\":\"" \
	    point_name(u, i) "\",\"event\":\"" event "\",\"level\":" level ",\"priority\":" level \
	    ",\"point_id\":\"" id "\",\"value\":" value ",\"text\":\"" text "\"},"
}

# Networks behind the gateway that fell silent or came back.
function say_disconnect(    i, n, net, list, count)
{
	n = split("39 40 41 42", net, " ")
	for (i = 1; i <= n; i++)
		if (DOWN[net[i]] + 0 != SAID[net[i]] + 0) {
			SAID[net[i]] = DOWN[net[i]]
			list = list "\"device_" count++ "\":{\"device_id\":\"" net[i] "\",\"name\":\"BACnet network " \
			    net[i] "\",\"event\":\"" (DOWN[net[i]] ? "raise" : "clear") "\"},"
		}
	if (!count)
		return
	head(now, DELAY - 0.5, "disconnect")
	print "Disconnect\",", list, "\"device_count\":", count, ",\"time\":\"", STAMP, "\"}}\n"
}

# What a session watches between two periods: the weather and the first AHU.
function say_realtime(second,    local, day, k, n)
{
	local = now + second + zone_offset(now + second)
	day = int(local / 86400)
	local -= day * 86400
	head(now + second, 0.3, "realtime")
	print "Real_Time\","
	n = 0
	if (COUNT["Outdoor"])
		for (k = 0; k < 2; k++)
			print watched(n++, V0[FIRST["Outdoor"]] + k)
	if (COUNT["AHU"])
		for (k = 0; k < 2; k++)
			print watched(n++, V0[AHU[1]] + k)
	print "\"point_count\":", n, ",\"time\":\"", day_date(day), \
	    sprintf("%02d%02d%02d", int(local / 3600), int(local / 60) % 60, local % 60), "\"}}\n"
}

function watched(n, v)
{
	return "\"point_" n "\":{\"msg\":[{\"attr_name\":\"M_Value\",\"data\":" \
	    tenth(VALUE[v] + 0.15 * NOISE[n * 7 + now % 4093]) "}],\"point_id\":\"" MEASURED[v] "\"},"
}
