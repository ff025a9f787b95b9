# The points of the building of scripts/simulate: types of unit, how many of each, their order and text.
#
# Nearly all of a record never changes.  Point i reads
#	"point_i":{"msg":[{"attr_name":"M_Value","data":VALUE}],"period":15,"point_id":"..."},
# A unit (an AHU, a VAV box, a meter) keeps its text in segments TEXT[j], cut where a measured value
# VALUE[j] goes; states and setpoints, which change a few times a day, are part of the text, and
# rebuild() writes them anew.  A record is then one loop over (TEXT[j], VALUE[j]), and the model
# only has to fill VALUE.  Unit u owns the points from P0[u] and the values from V0[u].

# Role:object type:unit:kind of value.  d is measured and changes in every record; s is a state or a
# setpoint, part of the text.
function types()
{
	define("Outdoor", "39", 301, 3001, "Temp:AI:degC:d Humi:AI:%RH:d Solar:AI:W/m2:d")
	define("EnergyMain", "39", 301, 2001, "MainMeter:AV:kWh:d")
	define("EnergyPlant", "39", 301, 2002, "ChillerMeter:AV:kWh:d PumpMeter:AV:kWh:d " \
	    "PACMeter:AV:kWh:d FCUMeter:AV:kWh:d ElevatorMeter:AV:kWh:d ServerMeter:AV:kWh:d")
	define("EnergyAHU", "39", 301, 2101, "AHUMeter:AV:kWh:d")
	define("EnergyFloor", "39", 302, 2001, "FloorLightMeter:AV:kWh:d FloorPlugMeter:AV:kWh:d")
	define("Chiller", "39", 303, 1001, "Run:BI::s SupplyTemp:AI:degC:d ReturnTemp:AI:degC:d " \
	    "SupplyTempSet:AV:degC:s Load:AI:%:d CondenserInTemp:AI:degC:d " \
	    "CondenserOutTemp:AI:degC:d Alarm:BI::s")
	define("Boiler", "39", 303, 1201, "Run:BI::s SupplyTemp:AI:degC:d ReturnTemp:AI:degC:d " \
	    "SupplyTempSet:AV:degC:s Alarm:BI::s")
	define("AHU", "39", 300, 1627, "SupplyFan:BI::s ReturnFan:BI::s Mode:MV::s " \
	    "SupplyAirTemp:AI:degC:d ReturnAirTemp:AI:degC:d SupplyAirTempSet:AV:degC:d " \
	    "ReturnAirTempSet:AV:degC:s OutsideAirDamper:AO:%:d CoolingValve:AO:%:d " \
	    "HeatingValve:AO:%:d FilterDP:AI:Pa:d SupplyFanAlarm:BI::s " AHU_MORE())
	define("VAV", "40", 401, 1001, "Run:BI::s ZoneTempSet:AV:degC:s ZoneTemp:AI:degC:d " \
	    "AirFlow:AI:m3/h:d MinAirFlow:AV:m3/h:s Damper:AO:%:d")
	define("FCU", "41", 501, 1001, "Run:BI::s Mode:MV::s SetTemp:AV:degC:s RoomTemp:AI:degC:d " \
	    "FanSpeed:MV::d Valve:AO:%:d")
	define("PAC", "41", 502, 1001, "Run:BI::s Mode:MV::s SetTemp:AV:degC:s RoomTemp:AI:degC:d " \
	    "SupplyAirTemp:AI:degC:d Compressor:AI:%:d")
	define("Light", "42", 601, 1001, "Run:BO::s")
}

# A small building gets AHUs without these.
function AHU_MORE()
{
	if (POINTS < 250)
		return ""
	return "MixedAirTemp:AI:degC:d OutsideAirTemp:AI:degC:d SupplyAirHumi:AI:%RH:d " \
	    "ReturnAirHumi:AI:%RH:d ReturnAirCO2:AI:ppm:d SupplyFanSpeed:AO:%:d " \
	    "ReturnFanSpeed:AO:%:d ReturnAirDamper:AO:%:d ExhaustAirDamper:AO:%:d " \
	    "HumidifierValve:AO:%:d StaticPressure:AI:Pa:d StaticPressureSet:AV:Pa:s " \
	    "CO2Set:AV:ppm:s HumiSet:AV:%RH:s ReturnFanAlarm:BI::s FilterAlarm:BI::s " \
	    "FreezeAlarm:BI::s SmokeAlarm:BI::s"
}

function define(name, network, device, instance, roles,    n, i, list, part)
{
	n = split(roles, list, " ")
	SIZE[name] = n
	NETWORK[name] = network
	DEVICE[name] = device
	INSTANCE[name] = instance
	CLASS[name] = name ~ /^Energy/ ? "Energy" : name
	for (i = 1; i <= n; i++) {
		split(list[i], part, ":")
		ROLE[name, i] = part[1]
		OBJECT[name, i] = part[2]
		UNIT[name, i] = part[3]
		STATIC[name, i] = part[4] == "s"
	}
}

# How many units of each type make POINTS points: the mix of an office of 883 points, scaled; what
# is left over is lighting circuits.  Every type gets its first unit, in this order, while there is room.
function plan(    n, i, want, full, left, best, ratio, least)
{
	n = split("EnergyMain:1 Outdoor:1 AHU:6 VAV:54 FCU:36 PAC:8 EnergyFloor:12 EnergyAHU:6 " \
	    "EnergyPlant:1 Chiller:2 Boiler:2", want, " ")
	left = POINTS
	for (i = 1; i <= n; i++) {
		split(want[i], full, ":")
		want[i] = full[1]
		GOAL[full[1]] = full[2] * POINTS / 883
		if (full[1] ~ /^(EnergyMain|Outdoor|EnergyPlant)$/)
			GOAL[full[1]] = 1
		COUNT[full[1]] = SIZE[full[1]] <= left && (full[1] != "VAV" || COUNT["AHU"])
		left -= COUNT[full[1]] * SIZE[full[1]]
	}
	for (;;) {
		best = ""
		least = 1
		for (i = 1; i <= n; i++) {
			ratio = (COUNT[want[i]] + 0.5) / GOAL[want[i]]
			if (COUNT[want[i]] && ratio < least && SIZE[want[i]] <= left) {
				least = ratio
				best = want[i]
			}
		}
		if (best == "")
			break
		COUNT[best]++
		left -= SIZE[best]
	}
	COUNT["Light"] = left
}

# Lay the units out in the order of the record: meters and plant, each AHU before its VAV boxes, rooms,
# lights.
function wire(    a, k, n, i, list, vavs)
{
	FLOORS = COUNT["EnergyFloor"] ? COUNT["EnergyFloor"] : 1
	n = split("EnergyMain Outdoor EnergyPlant EnergyAHU EnergyFloor Chiller Boiler", list, " ")
	for (i = 1; i <= n; i++) {
		FIRST[list[i]] = UNITS + 0
		for (k = 1; k <= COUNT[list[i]]; k++)
			unit(list[i], k, list[i] == "EnergyFloor" ? k : 1)
	}
	for (a = 1; a <= COUNT["AHU"]; a++) {
		AHU[a] = unit("AHU", a, floor_of(a, COUNT["AHU"]))
		for (k = a; k <= COUNT["VAV"]; k += COUNT["AHU"])
			unit("VAV", ++vavs, floor_of(a, COUNT["AHU"]))
		AHU_END[a] = UNITS
	}
	n = split("FCU PAC Light", list, " ")
	for (i = 1; i <= n; i++) {
		FIRST[list[i]] = UNITS + 0
		for (k = 1; k <= COUNT[list[i]]; k++)
			unit(list[i], k, floor_of(k, COUNT[list[i]]))
	}
}

function floor_of(k, n)
{
	return 1 + int((k - 1) * FLOORS / n)
}

function unit(type, number, floor,    u, i, id)
{
	u = UNITS++
	TYPE[u] = type
	NUMBER[u] = number
	FLOOR[u] = floor
	SIDE[u] = int(hash(2, u) * 5)
	P0[u] = PN
	V0[u] = VN
	for (i = 1; i <= SIZE[type]; i++) {
		id = NETWORK[type] "." OBJECT[type, i] "-" DEVICE[type] ":" INSTANCE[type]++ "_" \
		    CLASS[type] ROLE[type, i] "_" sprintf("%02d", number)
		ID[PN] = id
		OPEN[PN] = "\"point_" PN "\":{\"msg\":[{\"attr_name\":\"M_Value\",\"data\":"
		CLOSE[PN] = "}],\"period\":" PERIOD ",\"point_id\":\"" id "\"},"
		PN++
		if (!STATIC[type, i])
			MEASURED[VN++] = id
	}
	VALUE[VN++] = ""		# after the unit's last segment there is no value
	return u
}

# Write the segments of unit u anew, its states and setpoints taken from STATE by role.
function rebuild(u,    i, p, v, type, text)
{
	type = TYPE[u]
	p = P0[u]
	v = V0[u]
	text = ""
	for (i = 1; i <= SIZE[type]; i++) {
		text = text OPEN[p]
		if (STATIC[type, i]) {
			text = text STATE[ROLE[type, i]]
		} else {
			TEXT[v++] = text
			text = ""
		}
		text = text CLOSE[p++]
	}
	TEXT[v] = text
}

