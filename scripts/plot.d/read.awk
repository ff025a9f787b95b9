# Typed rows (rows.jq) into arrays: what there is to draw. What cannot be drawn is said, with file and line.

BEGIN { FS = OFS = "\t"; OFFSET = "" }

{ AT = $1 ":" $2; TYPE = $3 }
TYPE == "X" { bad($4); next }
TYPE == "V" { reading($4, $5, "", $6, $7); next }
TYPE == "E" { reading($4, $5, $6, $7, $8); next }
TYPE == "F" { if ((t = instant($4)) != "") { n = ++FORECASTS; F_T[n] = t; F_KWH[n] = $5; F_LOW[n] = $6; F_HIGH[n] = $7; F_WEEK[n] = $8 } next }
TYPE == "C" { n = ++OUTLINES; C_ZONE[n] = $4; C_AIR[n] = $5; C_RATIO[n] = $6; next }
TYPE == "P" { n = ++PAIRS; P_NAME[n] = $4; P_AIR[n] = $5; P_HUMID[n] = $6; next }
TYPE == "U" { if ((t = instant($5)) != "") { n = ++PLANNED; U_NAME[n] = $4; U_T[n] = t; U_TEMP[n] = $6; U_ON[n] = $7; name(U, $4) } next }
TYPE == "R" { if ((t = instant($4)) != "" && (e = instant($5)) != "") { n = ++PRICES; R_T[n] = t + (e - t) * $6 / $7; R_PRICE[n] = $8; R_END = e } next }
TYPE == "T" { n = ++CURVE; T_X[n] = $4; T_WIN[n] = $5; T_LOW[n] = $6; T_HIGH[n] = $7; T_BELOW[n] = $8; next }
TYPE == "S" { n = ++SCORES; S_NAME[n] = $4 ": " $5; S_ERROR[n] = $6; next }

function bad(why)
{
	printf "nbms-plot: %s: %s: left out\n", AT, why > "/dev/stderr"
	BAD++
}

# Names of series in order of appearance: list[1..list["n"]], and their numbers.
function name(list, text)
{
	if (!((text, "#") in list)) {
		list[text, "#"] = ++list["n"]
		list[list["n"]] = text
	}
	return list[text, "#"]
}

function reading(series, from, to, value, unit,    t, n, s, weekday)
{
	t = instant(from)
	weekday = WEEKDAY
	if (t == "" || to != "" && (to = instant(to)) == "")
		return
	s = name(SERIES, series)
	n = ++COUNT[s]
	V_T[s, n] = t
	V_END[s, n] = to
	V[s, n] = value
	V_MINUTE[s, n] = substr(from, 12, 2) * 60 + substr(from, 15, 2)
	V_DAY[s, n] = weekday
	if (unit != "")
		UNIT_OF[s] = unit
}

# RFC 3339 as seconds of the clock that the first row's offset makes; "": said, it is no time. WEEKDAY is of its own day.
function instant(text,    y, m, d, days, east, tail, s)
{
	if (text !~ /^[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9](:[0-9][0-9](\.[0-9]+)?)?(Z|[+-][0-9][0-9]:[0-9][0-9])$/) {
		bad("not a time")
		return ""
	}
	y = substr(text, 1, 4) + 0
	m = substr(text, 6, 2) + 0
	d = substr(text, 9, 2) + 0
	if (m < 1 || m > 12 || d < 1 || d > 31 || substr(text, 12, 2) > 23 || substr(text, 15, 2) > 59) {
		bad("not a time")
		return ""
	}
	tail = substr(text, 17)
	s = substr(tail, 1, 1) == ":" ? substr(tail, 2, 2) : 0
	east = text ~ /Z$/ ? 0 : substr(text, length(text) - 4, 2) * 3600 + substr(text, length(text) - 1, 2) * 60
	if (substr(text, length(text) - 5, 1) == "-")
		east = -east
	if (OFFSET == "") {
		OFFSET = east
		OFFSET_TEXT = text ~ /Z$/ ? "UTC" : "UTC" substr(text, length(text) - 5)
	}
	# days since 1970-01-01, the year beginning with March
	if (m <= 2)
		y--
	days = 365 * y + int(y / 4) - int(y / 100) + int(y / 400) + int((153 * (m + (m > 2 ? -3 : 9)) + 2) / 5) + d - 719469
	WEEKDAY = (days + 3) % 7 # Monday is 0
	if (WEEKDAY < 0)
		WEEKDAY += 7
	return days * 86400 + substr(text, 12, 2) * 3600 + substr(text, 15, 2) * 60 + s - east + OFFSET
}

# Texts in gnuplot's single quotes, where nothing is an escape, a command or a macro; a quote in them becomes another one.
function quoted(text)
{
	gsub(/'/, "’", text)
	return "'" text "'"
}
