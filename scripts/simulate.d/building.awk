# The building of scripts/simulate: weather, people, rooms, air, plant and meters, one period at a time.
# step(t) brings VALUE and TEXT of points.awk to the instant t.

# ---- what does not change -----------------------------------------------------------------------

# TENTH[2000 + 10 x] is x with one decimal, TEN[x / 10] is x: looking text up is several times
# quicker than formatting it.  NOISE holds about normal numbers, enough for every unit from any start.
function tables(    i)
{
	for (i = 0; i <= 7000; i++)
		TENTH[i] = ((i - 2000) / 10) ""
	for (i = 0; i <= 600; i++)
		TEN[i] = (i * 10) ""
	for (i = 0; i < 4112 + 2 * UNITS; i++)
		NOISE[i] = (draw() + draw() + draw() + draw() - 2) * 1.73
}

function limit(x, low, high)
{
	return x < low ? low : x > high ? high : x
}

# The text of x with one decimal.  Loops over many units look up TENTH themselves.
function tenth(x)
{
	return TENTH[int(limit(x, -199, 499) * 10 + 2000.5)]
}

# Size, envelope, gains and habits of every unit.
#	room:  dT/dt = (To - T)/te + (M - T)/tm + gains + supply air,  dM/dt = (T - M)/20 h
# taken implicitly, so that any period is stable.  HOUT, HMASS, DEN are STEP/te, STEP/tm, 1 + both.
function furnish(    u, i, te)
{
	SUPPLY = 0.5 * STEP		# supply air at full flow, changes of the room's heat an hour
	HMASS = STEP / 4
	MASS = 1 - exp(-STEP / 20)
	COIL = 1 - exp(-STEP / 0.15)
	for (u = 0; u < UNITS; u++) {
		te = 18 + 22 * hash(3, u)
		HOUT[u] = STEP / te
		DEN[u] = 1 + HOUT[u] + HMASS
		GAIN[u] = 0.7 + 0.6 * hash(4, u)
		WISH[u] = int(hash(5, u) * 5) * 0.5 - 1
		FLOW[u] = 60 + int(hash(6, u) * 90)
		ROOM[u] = MASS_T[u] = 23.5 + 2 * hash(7, u)
		LAST[u] = -1
		rebuild(u)
		if (CLASS[TYPE[u]] == "Energy")
			for (i = 1; i <= SIZE[TYPE[u]]; i++)
				meter(V0[u] + i - 1, substr(ROLE[TYPE[u], i], 1, length(ROLE[TYPE[u], i]) - 5) NUMBER[u])
	}
	AHU_KW = 13			# kW a kelvin at full fan
	for (i = 1; i <= COUNT["AHU"]; i++) {
		SUPPLY_T[i] = 22
		RETURN_T[i] = ROOM_MEAN[i] = 24
		CO2[i] = 450
	}
}

# ---- one period ---------------------------------------------------------------------------------

function step(t,    a)
{
	clock(t)
	weather(t)
	NP = int(draw() * 4096)
	meters()
	TOTAL = COOL = HEAT = 0
	if (COUNT["Outdoor"] && !DOWN["39"])
		outdoor()
	for (a = 1; a <= COUNT["AHU"]; a++)
		ahu(a)
	fcus()
	pacs()
	plant()
	tenants()
}

# HOUR of the local day, TODAY as a count of days, whether people come; once a day, everybody's plans.
function clock(t,    local, day, week)
{
	local = t + zone_offset(t)
	day = int(local / 86400)
	HOUR = (local - day * 86400) / 3600
	if (day != TODAY) {
		TODAY = day
		DATE = day_date(day)
		week = (day + 4) % 7
		WORK = week == 0 || (substr(DATE, 5) in HOLIDAY) ? 0 : week == 6 ? 0.25 : 1
		plans()
	}
	MINUTE = int(HOUR * 60 + 0.5)
	STAMP = DATE sprintf("%02d%02d", int(MINUTE / 60), MINUTE % 60)
	outages()
	PEOPLE = WORK == 1 ? ramp(7.5, 9.5, HOUR) - ramp(17.5, 20.5, HOUR) - lunch(HOUR) : \
	    WORK ? WORK * (ramp(8.5, 10, HOUR) - ramp(12.5, 14, HOUR)) : 0
	PEOPLE = 0.03 + 0.92 * PEOPLE * (0.9 + 0.15 * hash(20, TODAY))
}

function ramp(from, to, x)
{
	return x <= from ? 0 : x >= to ? 1 : (x - from) / (to - from)
}

function lunch(x)
{
	return 0.35 * (ramp(11.8, 12.3, x) - ramp(12.8, 13.3, x))
}

function plans(    a, u, n, net)
{
	for (a = 1; a <= COUNT["AHU"]; a++)
		TRIP[a] = hash(21, TODAY * 1009 + a) < 0.012 ? \
		    int(9 + 7 * hash(22, TODAY * 1009 + a)) : -9
	for (u = FIRST["FCU"]; u < UNITS; u++) {
		COME[u] = 99
		if (WORK && hash(23, TODAY * 10007 + u) < 0.88 * (WORK < 1 ? 0.3 : 1))
			COME[u] = 7 + 2.5 * hash(24, TODAY * 10007 + u)
		LEAVE[u] = WORK < 1 ? 13 + hash(25, TODAY * 10007 + u) : \
		    17.5 + 3 * hash(25, TODAY * 10007 + u) * hash(26, TODAY * 10007 + u)
	}
	n = split("39 40 41 42", net, " ")
	for (a = 1; a <= n; a++) {
		GONE[net[a]] = hash(27, TODAY * 64 + a) < 0.03 ? 24 * hash(28, TODAY * 64 + a) : 99
		BACK[net[a]] = GONE[net[a]] + 0.5 + 1.5 * hash(29, TODAY * 64 + a)
	}
}

function outages(    net)
{
	for (net in GONE)
		DOWN[net] = OUTAGES && now >= FROM && HOUR >= GONE[net] && HOUR < BACK[net]
}

# A number for a day that drifts smoothly into the next day's; about normal.
function drift(stream, x,    d, f)
{
	d = int(x)
	f = x - d
	f = f * f * (3 - 2 * f)
	return (normal(stream, d) * (1 - f) + normal(stream, d + 1) * f) * 1.2
}

function normal(stream, d)
{
	return (hash(stream, d) + hash(stream + 1, d) + hash(stream + 2, d) - 1.5) * 2
}

# Seoul: monthly means from -2 to 26 degC, warmest in early August and at three in the afternoon;
# spells of some days and cloud from the seed; sun from declination and hour angle at 37.57 N.
function weather(t,    x, year, spring, cloud, decl, elevation)
{
	x = t / 86400 + 0.375
	year = 6.283185307 * (x - int(x / 365.2425) * 365.2425 - 21) / 365.2425
	spring = -cos(year)
	BASE = 12.6 + 14 * spring + 2.4 * drift(30, x / 2.3) + 1.5 * drift(34, x)
	cloud = limit(0.5 + 0.3 * drift(40, x * 1.7) + 0.08 * spring, 0, 1)
	decl = -0.409 * cos(year + 0.51)
	x = 6.283185307 * (x - int(x))
	elevation = 0.6097 * sin(decl) - 0.7926 * cos(decl) * cos(x)
	SUN = elevation > 0 ? elevation * (1 - 0.75 * cloud * cloud) : 0
	OUT = BASE + (3 + 2.6 * (1 - cloud)) * cos(x - 3.927) + 0.5 * drift(44, t / 7200)
	HUMID = limit(60 + 9 * spring - 2.3 * (OUT - BASE) + 28 * (cloud - 0.5) + \
	    3 * drift(48, t / 10800), 14, 99)
	# Sun on the sides: north, east, south, west, inner.
	SOLAR[0] = 0.12 * SUN * STEP
	SOLAR[1] = SUN * STEP * (0.15 + 0.9 * limit(-sin(x + 3.1416), 0, 1))
	SOLAR[2] = SUN * STEP * (0.2 + 0.7 * (1 - elevation))
	SOLAR[3] = SUN * STEP * (0.15 + 0.9 * limit(sin(x + 3.1416), 0, 1))
	SOLAR[4] = 0
	SEASON = BASE > 17.5 ? 1 : BASE < 11 ? 2 : 3		# cooling, heating, ventilation
	TARGET = SEASON == 1 ? 25 : SEASON == 2 ? 22 : 23.5
}

# ---- energy -------------------------------------------------------------------------------------

# VALUE[v] is the register of a load; the main meter's load is all of them.
function meter(v, load)
{
	METERS++
	METER_AT[METERS] = v
	METER_OF[METERS] = load
	REGISTER[METERS] = int(load == "Main1" ? 1500000 + 2500000 * hash(8, 0) : \
	    20000 + 180000 * hash(8, METERS))
}

function consume(name, kw)
{
	LOAD[name] = kw
	TOTAL += kw
}

# Registers at this instant: what was drawn since the last one, at the power found then.  A meter
# that is exchanged starts again from nothing.
function meters(    m)
{
	LOAD["Main1"] = TOTAL * 1.015
	for (m = 1; m <= METERS; m++)
		REGISTER[m] += LOAD[METER_OF[m]] * STEP * (1 + 0.02 * NOISE[NP + m])
	if (METERS && hash(70, int(now / 60)) < RESETS) {
		m = 1 + int(hash(71, int(now / 60)) * METERS)
		REGISTER[m] = 0
		RESET = MEASURED[METER_AT[m]]
	}
	if (!DOWN["39"])
		for (m = 1; m <= METERS; m++)
			VALUE[METER_AT[m]] = int(REGISTER[m] * 100 + 0.5) / 100
}

# Lighting circuits and sockets by floor, lifts, servers.
function tenants(    f, u, on, lit, rush, circuits)
{
	for (u = FIRST["Light"]; u < UNITS; u++) {
		on = HOUR >= COME[u] && HOUR < LEAVE[u]
		lit += on
		if (on != LAST[u] && !DOWN["42"]) {
			LAST[u] = on
			STATE["Run"] = on
			rebuild(u)
		}
	}
	circuits = UNITS - FIRST["Light"]
	lit = 0.06 + 0.94 * (circuits ? lit / circuits : PEOPLE)
	for (f = 1; f <= FLOORS; f++) {
		consume("FloorLight" f, 13 * lit * (0.85 + 0.3 * hash(60, f)) * (0.94 + 0.06 * (SUN < 0.3)))
		consume("FloorPlug" f, 20 * (0.18 + 0.82 * PEOPLE) * (0.8 + 0.4 * hash(61, f)))
	}
	rush = ramp(7.8, 8.6, HOUR) - ramp(9, 9.8, HOUR) + ramp(17.4, 18, HOUR) - ramp(18.6, 19.4, HOUR)
	consume("Elevator1", FLOORS * (0.15 + 1.6 * PEOPLE + 1.2 * rush * (WORK == 1)))
	consume("Server1", FLOORS * (2.1 + 0.02 * (OUT > 18 ? OUT - 18 : 0)))
}

# ---- air and water ------------------------------------------------------------------------------

function outdoor(    v)
{
	v = V0[FIRST["Outdoor"]]
	VALUE[v] = tenth(OUT + 0.1 * NOISE[NP])
	VALUE[v + 1] = tenth(limit(HUMID + 0.4 * NOISE[NP + 1], 5, 100))
	VALUE[v + 2] = int(SUN * 980 + 0.5)
}

# An AHU starts earlier the further the weather is from mild, carries its VAV boxes, and stops.
# Supply temperature is reset by weather when cooling and by return temperature when heating.
function ahu(a,    u, v, on, start, trip, code, set, mixed, free, out, fan, dp, coil_kw)
{
	u = AHU[a]
	start = 7.5 - limit(0.06 * (OUT > 22 ? OUT - 22 : 12 - OUT), 0, 1.5) + 0.1 * (a % 3)
	on = WORK == 1 ? HOUR >= start && HOUR < 18.5 : WORK ? a % 2 && HOUR >= 8 && HOUR < 13 : 0
	trip = on && HOUR >= TRIP[a] && HOUR < TRIP[a] + 2
	on = on && !trip
	set = SEASON == 1 ? 14 + limit(0.2 * (28 - OUT), 0, 4) : SEASON == 2 ? \
	    limit(22 + 7 * (22.6 - RETURN_T[a]), 16, 34) : limit(20 + 3 * (23.5 - RETURN_T[a]), 15, 25)
	set = int(set * 2 + 0.5) / 2
	free = SEASON != 2 && OUT < RETURN_T[a] - 2 ? limit((RETURN_T[a] - set) / (RETURN_T[a] - OUT), 0.2, 1) : 0.2
	out = on ? free : 0
	mixed = RETURN_T[a] + out * (OUT - RETURN_T[a])
	SUPPLY_T[a] += COIL * ((on ? coil(mixed, set) : ROOM_MEAN[a]) - SUPPLY_T[a])
	boxes(a, on, set)
	fan = on ? 0.3 + 0.7 * FLOW_MEAN[a] : 0
	RETURN_T[a] += COIL * (ROOM_MEAN[a] + (on ? 0.4 : 0) - RETURN_T[a])
	CO2[a] += (1 - exp(-STEP * (on ? 0.5 + 2 * out : 0.25))) * (420 + PEOPLE * (on ? 420 : 900) - CO2[a])
	coil_kw = fan * AHU_KW * (SUPPLY_T[a] - mixed)
	if (on && coil_kw < 0)
		COOL -= coil_kw
	else if (on)
		HEAT += coil_kw
	consume("AHU" a, on ? 0.6 + 15 * fan * fan * fan : 0.15)
	if (DOWN["39"])
		return
	dp = on ? (70 + 1.9 * ((TODAY + 37 * a) % 91)) * fan * fan + 15 : 0
	DIRTY[a] = dp > 180 ? 1 : dp > 0 && dp < 120 ? 0 : DIRTY[a] + 0
	TRIPPED[a] = trip
	PRESSURE[a] = dp
	code = on + 2 * trip + 4 * DIRTY[a] + 8 * SEASON
	if (code != LAST[u]) {
		LAST[u] = code
		ahu_states(on, trip, DIRTY[a])
		rebuild(u)
	}
	v = V0[u]
	VALUE[v] = tenth(SUPPLY_T[a] + 0.15 * NOISE[NP + u])
	VALUE[v + 1] = tenth(RETURN_T[a] + 0.1 * NOISE[NP + u + 1])
	VALUE[v + 2] = tenth(set)
	VALUE[v + 3] = tenth(100 * out)
	VALUE[v + 4] = tenth(on ? limit(9 * (mixed - set) * fan, 0, 100) : 0)
	VALUE[v + 5] = tenth(on ? limit(9 * (set - mixed) * fan, 0, 100) : 0)
	VALUE[v + 6] = tenth(dp + (on ? NOISE[NP + u + 2] : 0))
	if (POINTS >= 250)
		ahu_more(v + 7, a, u, on, mixed, out, fan)
}

# The coil reaches its setpoint unless heating and cooling are both out of season.
function coil(mixed, set)
{
	return SEASON == 1 ? (mixed < set ? mixed : set) : SEASON == 2 ? (mixed > set ? mixed : set) : \
	    (mixed > set + 4 ? mixed - 4 : mixed < set - 4 ? mixed + 4 : set)
}

function ahu_states(on, trip, dirty)
{
	STATE["SupplyFan"] = STATE["ReturnFan"] = on + 0
	STATE["Mode"] = SEASON
	STATE["ReturnAirTempSet"] = TARGET
	STATE["SupplyFanAlarm"] = trip + 0
	STATE["StaticPressureSet"] = 250
	STATE["CO2Set"] = 900
	STATE["HumiSet"] = SEASON == 2 ? 40 : 55
	STATE["FilterAlarm"] = dirty
	STATE["ReturnFanAlarm"] = STATE["FreezeAlarm"] = STATE["SmokeAlarm"] = 0
}

function ahu_more(v, a, u, on, mixed, out, fan,    humid, dry)
{
	humid = limit(HUMID * 0.35 + 28 - 0.9 * (RETURN_T[a] - 24) + 6 * PEOPLE, 15, 85)
	dry = SEASON == 2 && on ? limit(6 * (40 - humid), 0, 100) : 0
	VALUE[v] = tenth(mixed + 0.15 * NOISE[NP + u + 3])
	VALUE[v + 1] = tenth(OUT + 0.3 + 0.2 * NOISE[NP + u + 4])
	VALUE[v + 2] = tenth(limit(humid + 2.2 * (RETURN_T[a] - SUPPLY_T[a]), 10, 95))
	VALUE[v + 3] = tenth(humid + 0.4 * NOISE[NP + u + 5])
	VALUE[v + 4] = int(CO2[a] + 6 * NOISE[NP + u + 6] + 0.5)
	VALUE[v + 5] = tenth(100 * fan)
	VALUE[v + 6] = tenth(92 * fan)
	VALUE[v + 7] = tenth(on ? 100 - 100 * out : 0)
	VALUE[v + 8] = tenth(90 * out)
	VALUE[v + 9] = tenth(dry)
	VALUE[v + 10] = tenth(on ? 250 + 5 * NOISE[NP + u + 7] : 0)
}

# The VAV boxes of an AHU: damper by proportional band around the setpoint, room after it.  This loop
# is most of the work of a record.
function boxes(a, on, set,    u, v, n, first, last, sign, air, out, gain, flow, sum, mean, t, s)
{
	first = AHU[a] + 1
	last = AHU_END[a]
	n = last - first
	if (DOWN["40"] && n)
		return
	if (on + 2 * SEASON != BOX_CODE[a])
		box_states(a, BOX_CODE[a] = on + 2 * SEASON, on)
	sign = SUPPLY_T[a] < ROOM_MEAN[a] ? 0.45 : -0.45
	air = SUPPLY_T[a]
	out = OUT
	gain = STEP * (0.05 + 1.25 * PEOPLE)
	for (u = first; u < last; u++) {
		t = ROOM[u]
		if (on) {
			flow = 0.25 + sign * (t - GOAL_T[u])
			flow = flow < 0.15 ? 0.15 : flow > 1 ? 1 : flow
		} else
			flow = 0
		s = flow * SUPPLY
		t = (t + HOUT[u] * out + HMASS * MASS_T[u] + gain * GAIN[u] + SOLAR[SIDE[u]] + s * air) / (DEN[u] + s)
		MASS_T[u] += MASS * (t - MASS_T[u])
		ROOM[u] = t
		sum += flow
		mean += t
		v = V0[u]
		VALUE[v] = TENTH[int((t + 0.08 * NOISE[NP + u]) * 10 + 2000.5)]
		VALUE[v + 1] = TEN[int(flow * FLOW[u])]
		VALUE[v + 2] = TENTH[int(flow * 1000 + 2000.5)]
	}
	if (n) {
		FLOW_MEAN[a] = sum / n
		ROOM_MEAN[a] = mean / n
	} else {
		FLOW_MEAN[a] = on ? 0.5 : 0
		ROOM_MEAN[a] = TARGET
	}
}

function box_states(a, code, on,    u)
{
	for (u = AHU[a] + 1; u < AHU_END[a]; u++) {
		STATE["Run"] = on + 0
		STATE["ZoneTempSet"] = GOAL_T[u] = TARGET + WISH[u]
		STATE["MinAirFlow"] = TEN[int(0.15 * FLOW[u])]
		rebuild(u)
	}
}

# Fan coils: somebody comes, switches on, leaves.  Valve and fan speed by the room's error.
function fcus(    u, v, end, on, error, pull, t, speed, gain, kw, heat)
{
	end = FIRST["FCU"] + COUNT["FCU"]
	gain = STEP * (0.05 + 1.1 * PEOPLE)
	heat = SEASON == 2 || SEASON == 3 && OUT < 12
	for (u = FIRST["FCU"]; u < end; u++) {
		on = HOUR >= COME[u] && HOUR < LEAVE[u]
		if (DOWN["41"])
			continue
		t = ROOM[u]
		error = heat ? TARGET + WISH[u] - t : t - TARGET - WISH[u]
		speed = !on ? 0 : error > 1.5 ? 3 : error > 0.5 ? 2 : 1
		pull = on && error > -0.2 ? 1.6 * speed * STEP * limit(0.3 + error, 0, 1) : 0
		t = (t + HOUT[u] * OUT + HMASS * MASS_T[u] + gain * GAIN[u] * (on ? 1 : 0.3) + SOLAR[SIDE[u]] + \
		    (heat ? pull : -pull)) / DEN[u]
		MASS_T[u] += MASS * (t - MASS_T[u])
		ROOM[u] = t
		kw += 0.035 * speed
		if (heat)
			HEAT += 2.5 * pull / STEP
		else
			COOL += 2.5 * pull / STEP
		if (on + 2 * SEASON != LAST[u])
			room_states(u, on, heat)
		v = V0[u]
		VALUE[v] = TENTH[int((t + 0.08 * NOISE[NP + u]) * 10 + 2000.5)]
		VALUE[v + 1] = speed
		VALUE[v + 2] = pull > 0 ? TENTH[int(2000.5 + 1000 * limit(0.3 + error, 0, 1))] : 0
	}
	consume("FCU1", kw + 0)
}

# LAST[u] is what the text of the unit says: 2 * SEASON and the run state.
function room_states(u, on, heat)
{
	LAST[u] = on + 2 * SEASON
	STATE["Run"] = on + 0
	STATE["Mode"] = heat ? 2 : 1
	STATE["SetTemp"] = TARGET + WISH[u]
	rebuild(u)
}

# Packaged units; every third cools a server room day and night.
function pacs(    u, v, end, on, server, heat, set, error, duty, t, kw)
{
	end = FIRST["PAC"] + COUNT["PAC"]
	for (u = FIRST["PAC"]; u < end; u++) {
		server = (u - FIRST["PAC"]) % 3 == 0
		on = server || WORK && HOUR >= 7.5 && HOUR < 19
		if (DOWN["41"])
			continue
		heat = !server && SEASON == 2
		set = server ? 22 : TARGET + WISH[u]
		t = ROOM[u]
		error = heat ? set - t : t - set
		duty = on ? limit(0.35 + 0.6 * error, 0, 1) : 0
		t = (t + HOUT[u] * OUT + HMASS * MASS_T[u] + STEP * (server ? 3.2 : 0.1 + 1.4 * PEOPLE) + \
		    STEP * 6 * duty * (heat ? 1 : -1)) / DEN[u]
		MASS_T[u] += MASS * (t - MASS_T[u])
		ROOM[u] = t
		kw += (on ? 0.3 : 0) + 4.5 * duty * (1 + 0.012 * (heat ? 7 - OUT : OUT - 30))
		if (on + 2 * SEASON != LAST[u])
			pac_states(u, on, server, heat, set)
		v = V0[u]
		VALUE[v] = tenth(t + 0.1 * NOISE[NP + u])
		VALUE[v + 1] = tenth(t + (heat ? 14 : -11) * duty + 0.2 * NOISE[NP + u + 1])
		VALUE[v + 2] = tenth(100 * duty)
	}
	consume("PAC1", kw + 0)
}

function pac_states(u, on, server, heat, set)
{
	LAST[u] = on + 2 * SEASON
	STATE["Run"] = on + 0
	STATE["Mode"] = heat ? 2 : 1
	STATE["SetTemp"] = set
	rebuild(u)
}

# Chillers and boilers share what coils and fan coils asked for (kW of heat), pumps move it.
function plant(    k, u, v, n, share, on)
{
	n = COUNT["Chiller"] ? COUNT["Chiller"] : 1
	share = limit(COOL / n / 320, 0, 1)
	consume("Chiller1", COOL / (5.2 - 0.06 * (OUT - 22)))
	consume("Pump1", 0.04 * COOL + 0.03 * HEAT)
	if (DOWN["39"])
		return
	on = COOL > 4
	for (k = 1; k <= COUNT["Chiller"]; k++) {
		u = FIRST["Chiller"] + k - 1
		if (on != LAST[u])
			plant_states(u, on, 7)
		v = V0[u]
		VALUE[v] = tenth((on ? 7 : 15) + 0.15 * NOISE[NP + u])
		VALUE[v + 1] = tenth((on ? 7.6 + 5 * share : 16) + 0.15 * NOISE[NP + u + 1])
		VALUE[v + 2] = tenth(on ? 100 * share : 0)
		VALUE[v + 3] = tenth(on ? limit(OUT + 2, 18, 32) : 20)
		VALUE[v + 4] = tenth(on ? limit(OUT + 2, 18, 32) + 5 * share : 20)
	}
	n = COUNT["Boiler"] ? COUNT["Boiler"] : 1
	share = limit(HEAT / n / 320, 0, 1)
	on = HEAT > 4
	for (k = 1; k <= COUNT["Boiler"]; k++) {
		u = FIRST["Boiler"] + k - 1
		if (on != LAST[u])
			plant_states(u, on, 55)
		v = V0[u]
		VALUE[v] = tenth((on ? 55 : 28) + 0.4 * NOISE[NP + u])
		VALUE[v + 1] = tenth((on ? 54 - 10 * share : 27) + 0.4 * NOISE[NP + u + 1])
	}
}

function plant_states(u, on, set)
{
	LAST[u] = on
	STATE["Run"] = on + 0
	STATE["SupplyTempSet"] = set
	STATE["Alarm"] = 0
	rebuild(u)
}

