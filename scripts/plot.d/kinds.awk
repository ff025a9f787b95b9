# What is drawn, by kind: data files in the working directory, and gnuplot's script on stdout.

END {
	if (kind == "")
		kind = FORECASTS ? "forecast" : PLANNED ? "plan" : CURVE ? "tender" : OUTLINES || PAIRS ? "comfort" : SCORES ? "scores" : "trend"
	head()
	if (kind == "trend")
		trend()
	else if (kind == "duration")
		duration()
	else if (kind == "profile")
		profile()
	else if (kind == "comfort")
		comfort()
	else if (kind == "forecast")
		forecast()
	else if (kind == "plan")
		plan()
	else if (kind == "tender")
		tender()
	else
		scores()
	if (!DRAWN) {
		printf "nbms-plot: nothing to draw as %s\n", kind > "/dev/stderr"
		exit 65
	}
	exit BAD ? 11 : 0
}

function head()
{
	print "set encoding utf8"
	if (format == "text")
		printf "set terminal dumb size %d,%d aspect 2 noenhanced %s\n", width, height, color
	else if (format == "png")
		printf "set terminal pngcairo size %d,%d noenhanced font 'sans,11' background '#ffffff'\n", width, height
	else
		printf "set terminal svg size %d,%d dynamic noenhanced font 'sans,13' background '#ffffff'\n", width, height
	print "set datafile separator '\\t'"
	print "set datafile missing ''"
	print "set key " (format == "text" ? "tmargin center horizontal" : "top left") " reverse Left samplen 2 noenhanced"
	print format == "text" ? "unset grid" : "set grid linecolor '#d8d8d8'"
	print "set border 3\nset tics nomirror"
	print "set style fill solid 0.25 noborder"
}

function titled(text, unit)
{
	printf "set title %s noenhanced\n", quoted(ENVIRON["NBMS_PLOT_TITLE"] != "" ? clean(ENVIRON["NBMS_PLOT_TITLE"]) : text)
	if (ENVIRON["NBMS_PLOT_UNIT"] != "")
		unit = clean(ENVIRON["NBMS_PLOT_UNIT"])
	if (unit != "")
		printf "set ylabel %s noenhanced\n", quoted(unit)
}

function clean(text)
{
	gsub(/[\001-\037\177\\]/, " ", text)
	return substr(text, 1, 200)
}

# The time axis from a to b, with the ticks that such a span wants.
function over_time(a, b,    span, form)
{
	span = b - a
	form = span <= 2 * 86400 ? "%H:%M" : span <= 100 * 86400 ? "%m-%d" : "%Y-%m"
	print "set xdata time\nset timefmt '%s'"
	printf "set xrange ['%d':'%d']\n", a, (b > a ? b : a + 1)
	printf "set format x '%s' time\n", form
	if (span > 2 * 86400 && span <= 100 * 86400)
		printf "set xtics %d\n", 86400 * (1 + int(span / 86400 / 12))
	printf "set xlabel %s noenhanced\n", quoted(day(a) (day(b - 1) != day(a) ? " to " day(b - 1) : "") " (" OFFSET_TEXT ")")
}

# YYYY-MM-DD of a second.
function day(t,    days, era, year, doy, m)
{
	days = int(t / 86400) - (t < 0 && t % 86400 != 0) + 719468
	era = int(days / 146097)
	days -= era * 146097
	year = int((days - int(days / 1460) + int(days / 36524) - int(days / 146096)) / 365)
	doy = days - (365 * year + int(year / 4) - int(year / 100))
	m = int((5 * doy + 2) / 153)
	return sprintf("%04d-%02d-%02d", year + era * 400 + (m >= 10), m < 10 ? m + 3 : m - 9, doy - int((153 * m + 2) / 5) + 1)
}

# What the axis of some series stands for: their common unit; "" where they have none in common.
function unit_of(    s, u, unit)
{
	for (s = 1; s <= SERIES["n"]; s++) {
		u = UNIT_OF[s] != "" ? UNIT_OF[s] : guess(SERIES[s])
		if (s > 1 && u != unit)
			return ""
		unit = u
	}
	return unit
}

function guess(series)
{
	return series ~ /#Demand/ ? "kW" : series ~ /#Usage|Meter/ ? "kWh" : series ~ /#Charge|#Price/ ? "" : \
	    series ~ /Temp/ ? "°C" : series ~ /Humi/ ? "%" : series ~ /CO2/ ? "ppm" : series ~ /Solar/ ? "W/m2" : \
	    series ~ /AirFlow/ ? "m3/h" : ""
}

# How many series are drawn: more than twelve cannot be told apart.
function series_drawn()
{
	if (SERIES["n"] > 12)
		printf "nbms-plot: %d series: the first 12 are drawn\n", SERIES["n"] > "/dev/stderr"
	return SERIES["n"] > 12 ? 12 : SERIES["n"] + 0
}

function plot_begin() { PLOT = "" }

# One more thing in the picture; what is "" makes none.
function plot_add(what) { PLOT = PLOT (PLOT == "" ? "plot " : ", \\\n\t") what }
function plot_end() { if (PLOT != "") { print PLOT; DRAWN = 1 } }

# ---- trend ----

# Series s as a file, thinned to the least and the greatest of each of so many stretches; a gap breaks its line. Readings
# that stand alone between gaps make no line: they go to a file of their own. Returns how many these are.
function write_series(s, file,    i, n, t, bucket, last, step, room, low, high, low_t, high_t, run, run_at, alone)
{
	n = COUNT[s]
	room = 4000
	step = usual_step(s)
	last = ""
	for (i = 1; i <= n; i++) {
		t = V_T[s, i]
		if (last != "" && (V[s, i] == "" || step > 0 && t - last > 3 * step)) {
			low = flush_bucket(file, low, high, low_t, high_t)
			print "" > file
			if (run == 1 && V_END[s, i] == "") {
				print last, V[s, run_at] > (file "alone")
				alone++
			}
			run = 0
		}
		if (V[s, i] == "") {
			last = ""
			continue
		}
		last = t
		run++
		run_at = i
		if (V_END[s, i] != "" || n <= room) {
			print t, V[s, i] > file
			if (V_END[s, i] != "" && (i == n || V_T[s, i + 1] != V_END[s, i])) {
				print V_END[s, i], V[s, i] > file
				print "" > file
			}
			continue
		}
		bucket = int((i - 1) * room / 2 / n)
		if (low != "" && bucket != WAS)
			low = flush_bucket(file, low, high, low_t, high_t)
		WAS = bucket
		if (low == "" || V[s, i] + 0 < low + 0) { if (low == "") { high = V[s, i]; high_t = t } low = V[s, i]; low_t = t }
		if (V[s, i] + 0 > high + 0) { high = V[s, i]; high_t = t }
	}
	flush_bucket(file, low, high, low_t, high_t)
	if (run == 1 && n > 0 && V_END[s, run_at] == "") {
		print last, V[s, run_at] > (file "alone")
		alone++
	}
	close(file)
	if (alone)
		close(file "alone")
	return alone + 0
}

function flush_bucket(file, low, high, low_t, high_t)
{
	if (low == "")
		return ""
	if (low_t <= high_t)
		print low_t, low > file
	if (low_t != high_t)
		print high_t, high > file
	if (low_t > high_t)
		print low_t, low > file
	return ""
}

# The step that most of its neighbours are apart; 0: it has none.
function usual_step(s,    i, d, best, seen)
{
	best = 0
	for (i = 2; i <= COUNT[s]; i++) {
		d = V_T[s, i] - V_T[s, i - 1]
		if (d > 0 && ++seen[d] > seen[best] + 0)
			best = d
	}
	return 2 * seen[best] > COUNT[s] ? best : 0
}

function span_of_series(    s, i, e)
{
	FROM = TO = ""
	for (s = 1; s <= SERIES["n"]; s++)
		for (i = 1; i <= COUNT[s]; i++) {
			e = V_END[s, i] != "" ? V_END[s, i] : V_T[s, i]
			if (FROM == "" || V_T[s, i] < FROM)
				FROM = V_T[s, i]
			if (TO == "" || e > TO)
				TO = e
		}
}

function values_of(s,    i, n)
{
	for (i = 1; i <= COUNT[s]; i++)
		n += V[s, i] != ""
	return n + 0
}

function trend(    s, n)
{
	span_of_series()
	over_time(FROM, TO)
	n = series_drawn()
	titled(n == 1 ? SERIES[1] : "", unit_of())
	plot_begin()
	for (s = 1; s <= n; s++) {
		if (!values_of(s))
			continue
		alone = write_series(s, "s" s)
		if (alone)
			plot_add(sprintf("'s%dalone' using 1:2 with points linecolor %d pointtype 7 pointsize 0.6 notitle", s, s))
		plot_add(sprintf("'s%d' using 1:2 with %s linecolor %d linewidth 1.5 title %s", s, V_END[s, 1] != "" ? "steps" : "lines", s, quoted(n == 1 ? "" : SERIES[s])))
	}
	plot_end()
}

# ---- load duration ----

# Values of series s in Q[1..], greatest first.
function sorted(s,    i, n, file, command)
{
	file = "unsorted"
	for (i = 1; i <= COUNT[s]; i++)
		if (V[s, i] != "")
			print V[s, i] > file
	close(file)
	command = "sort -gr unsorted"
	n = 0
	while ((command | getline Q[n + 1]) > 0)
		n++
	close(command)
	printf "" > file
	close(file)
	return n
}

function duration(    s, n, i, m, file)
{
	n = series_drawn()
	titled("load duration" (n == 1 ? ": " SERIES[1] : ""), unit_of())
	print "set xlabel 'share of the time, %'\nset xrange [0:100]"
	plot_begin()
	for (s = 1; s <= n; s++) {
		m = sorted(s)
		if (!m)
			continue
		file = "s" s
		for (i = 1; i <= m; i++)
			print (i - 0.5) * 100 / m, Q[i] > file
		close(file)
		plot_add(sprintf("'s%d' using 1:2 with lines linewidth 1.5 title %s", s, quoted(n == 1 ? "" : SERIES[s])))
	}
	plot_end()
}

# ---- daily profile ----

# Means by time of day of series s, workdays (0) or weekends (1); with 10 and 90 % of workdays for the band.
function write_day(s, weekend, file,    i, m, k, n, values, sum, count, sort)
{
	for (i = 1; i <= COUNT[s]; i++)
		if (V[s, i] != "" && (V_DAY[s, i] >= 5) == weekend) {
			m = V_MINUTE[s, i]
			values[m, ++count[m]] = V[s, i] + 0
			sum[m] += V[s, i]
		}
	for (m = 0; m < 1440; m++)
		if (m in count) {
			n = count[m]
			for (i = 2; i <= n; i++) { # few days: the simplest sort
				sort = values[m, i]
				for (k = i - 1; k >= 1 && values[m, k] > sort; k--)
					values[m, k + 1] = values[m, k]
				values[m, k + 1] = sort
			}
			print m / 60, sum[m] / n, values[m, int(0.1 * (n - 1) + 1.5)], values[m, int(0.9 * (n - 1) + 1.5)] > file
			DAYS = n > DAYS ? n : DAYS
		}
	close(file)
	for (m in count)
		return 1
	return 0
}

function profile(    s, n)
{
	n = series_drawn()
	titled("mean day" (n == 1 ? ": " SERIES[1] : ""), unit_of())
	print "set xlabel 'hour'\nset xrange [0:24]\nset xtics 3"
	plot_begin()
	for (s = 1; s <= n; s++) {
		if (write_day(s, 0, "work" s)) {
			if (n == 1 && DAYS > 2 && format != "text")
				plot_add(sprintf("'work%d' using 1:3:4 with filledcurves linecolor 1 title '80 %% of workdays'", s))
			plot_add(sprintf("'work%d' using 1:2 with lines linecolor %d linewidth 2 title %s", s, s, quoted((n == 1 ? "" : SERIES[s] " ") "workdays")))
		}
		if (write_day(s, 1, "free" s))
			plot_add(sprintf("'free%d' using 1:2 with lines linecolor %d linewidth 1.5 dashtype 2 title %s", s, n == 1 ? 2 : s, quoted((n == 1 ? "" : SERIES[s] " ") "weekends")))
	}
	plot_end()
}

# ---- comfort ----

# kg water per kg dry air; vapour pressure by Magnus (Alduchov and Eskridge 1996), sea level.
function ratio(air, humidity,    e)
{
	e = humidity / 100 * 610.94 * exp(17.625 * air / (air + 243.04))
	return 0.622 * e / (101325 - e)
}

# Readings of temperatures, each with the humidity that was read at the same time.
function pair(    s, i, h)
{
	for (s = 1; s <= SERIES["n"]; s++)
		if (SERIES[s] ~ /[Hh]umi/)
			for (i = 1; i <= COUNT[s]; i++)
				if (V[s, i] != "" && !(V_T[s, i] in h))
					h[V_T[s, i]] = V[s, i]
	for (s = 1; s <= SERIES["n"]; s++)
		for (i = 1; i <= COUNT[s] && SERIES[s] !~ /[Hh]umi/; i++)
			if (V[s, i] != "" && V_T[s, i] in h) {
				P_NAME[++PAIRS] = SERIES[s]
				P_AIR[PAIRS] = V[s, i]
				P_HUMID[PAIRS] = h[V_T[s, i]]
			}
}

function limit(x, most) { return x < most ? x : most }

function comfort(    i, h, t, z, n, file, list)
{
	pair()
	titled("comfort", "g water per kg dry air")
	print "set xlabel 'air, °C'\n" (format == "text" ? "" : "set key bottom right")
	low = 15
	high = 35
	for (i = 1; i <= PAIRS; i++) {
		low = P_AIR[i] < low ? int(P_AIR[i]) - 1 : low
		high = P_AIR[i] > high ? int(P_AIR[i]) + 1 : high
	}
	printf "set xrange [%d:%d]\nset yrange [0:%d]\n", low, high, limit(int(1000 * ratio(high, 100)) + 1, 30)
	plot_begin()
	if (OUTLINES || PAIRS) {
		file = "humid"
		for (h = 20; h <= 100; h += 20) {
			for (t = low; t <= high; t += 0.5)
				print t, 1000 * ratio(t, h) > file
			print "" > file
		}
		close(file)
		plot_add("'humid' using 1:2 with lines linecolor '#a0a0a0' title '20 to 100 % humidity'")
	}
	for (i = 1; i <= OUTLINES; i++) {
		z = name(list, C_ZONE[i])
		file = "zone" z
		if (!(z in first))
			first[z] = C_AIR[i] OFS 1000 * C_RATIO[i]
		print C_AIR[i], 1000 * C_RATIO[i] > file
	}
	for (z = 1; z <= list["n"]; z++) {
		print first[z] > ("zone" z) # closes the outline
		close("zone" z)
		plot_add(sprintf("'zone%d' using 1:2 with lines linewidth 2 title %s", z, quoted(list[z])))
	}
	split("", list)
	for (i = 1; i <= PAIRS; i++)
		print P_AIR[i], 1000 * ratio(P_AIR[i], P_HUMID[i]) > ("read" name(list, P_NAME[i]))
	for (z = 1; z <= list["n"] && z <= 12; z++) {
		close("read" z)
		plot_add(sprintf("'read%d' using 1:2 with points pointtype %d title %s", z, z + 5, quoted(list[z])))
	}
	plot_end()
}

# ---- forecast ----

function forecast(    i, s, file, from, to, week)
{
	if (!FORECASTS)
		return
	file = "forecast"
	for (i = 1; i <= FORECASTS; i++) {
		from = from == "" || F_T[i] < from ? F_T[i] : from
		to = to == "" || F_T[i] + 3600 > to ? F_T[i] + 3600 : to
		week += F_WEEK[i] != ""
		print F_T[i] + 1800, F_KWH[i], F_LOW[i], F_HIGH[i], F_WEEK[i] > file
	}
	close(file)
	over_time(from, to)
	titled("forecast", "kWh")
	plot_begin()
	if (format == "text") {
		plot_add("'forecast' using 1:3 with dots title 'low, high'")
		plot_add("'forecast' using 1:4 with dots notitle")
	} else
		plot_add("'forecast' using 1:3:4 with filledcurves linecolor 1 title '90 %'")
	plot_add("'forecast' using 1:2 with lines linecolor 1 linewidth 2 title 'forecast'")
	if (week)
		plot_add("'forecast' using 1:5 with lines linecolor '#909090' dashtype 2 title 'a week ago'")
	for (s = 1; s <= series_drawn(); s++) {
		if (!write_actual(s, "actual" s, from, to))
			continue
		plot_add(sprintf("'actual%d' using 1:2 with linespoints linecolor %d pointtype 7 pointsize 0.6 title %s", s, s + 1, quoted(SERIES[s])))
	}
	plot_end()
}

# What came within the forecast's span, at the middle of each interval.
function write_actual(s, file, from, to,    i, e, n)
{
	for (i = 1; i <= COUNT[s]; i++) {
		e = V_END[s, i] != "" ? V_END[s, i] : V_T[s, i]
		if (V[s, i] != "" && V_T[s, i] >= from && e <= to) {
			print (V_T[s, i] + e) / 2, V[s, i] > file
			n++
		}
	}
	if (n)
		close(file)
	return n + 0
}

# ---- plan ----

function plan(    i, u, file, from, to)
{
	if (!PLANNED)
		return
	from = PRICES ? R_T[1] : ""
	for (i = 1; i <= PLANNED; i++) {
		from = from == "" || U_T[i] < from ? U_T[i] : from
		to = to == "" || U_T[i] > to ? U_T[i] : to
		print U_T[i], U_TEMP[i] > ("unit" U[U_NAME[i], "#"])
	}
	over_time(from, to)
	titled("the plan", "°C")
	plot_begin()
	for (u = 1; u <= U["n"] && u <= 12; u++) {
		close("unit" u)
		plot_add(sprintf("'unit%d' using 1:2 with lines linewidth 1.5 title %s", u, quoted(U[u])))
	}
	if (U["n"] > 12)
		printf "nbms-plot: %d units: the first 12 are drawn\n", U["n"] > "/dev/stderr"
	if (PRICES && format != "text") {
		file = "price"
		for (i = 1; i <= PRICES; i++)
			print R_T[i], R_PRICE[i] > file
		print R_END, R_PRICE[PRICES] > file
		close(file)
		print "set y2tics\nset y2label 'price per kWh'\nset border 11"
		plot_add("'price' using 1:2 axes x1y2 with steps linecolor '#909090' dashtype 2 title 'price'")
	}
	plot_end()
}

# ---- tender ----

function tender(    i, file, band)
{
	if (!CURVE)
		return
	file = "curve"
	band = 0
	for (i = 1; i <= CURVE; i++) {
		print T_X[i], 100 * T_WIN[i], 100 * T_LOW[i], 100 * T_HIGH[i], 100 * T_BELOW[i] > file
		if (T_HIGH[i] > T_LOW[i])
			band = 1
	}
	close(file)
	titled("chances of a bid", "chance to win, %")
	print "set xlabel 'bid, % off the floor of the base amount'"
	plot_begin()
	if (format != "text" && band)
		plot_add("'curve' using 1:3:4 with filledcurves linecolor 1 title '5 to 95 %'")
	plot_add("'curve' using 1:2 with lines linecolor 1 linewidth 2 title 'wins'")
	if (format != "text") {
		print "set y2tics\nset y2range [0:100]\nset y2label 'below the floor, %'\nset border 11"
		plot_add("'curve' using 1:5 axes x1y2 with lines linecolor '#909090' dashtype 2 title 'below the floor'")
	}
	plot_end()
}

# ---- scores ----

function scores(    i, file, n)
{
	file = "scores"
	for (i = 1; i <= SCORES; i++)
		if (S_ERROR[i] != "") {
			print n + 0, S_ERROR[i] > file
			ticks = ticks (n++ ? ", " : "") quoted(S_NAME[i]) " " n - 1
		}
	if (!n)
		return
	close(file)
	titled("error of each model, out of sample", "CV(RMSE), %")
	printf "set xtics (%s) rotate by -45 noenhanced\nset xrange [-0.6:%g]\nset yrange [0:*]\nunset key\n", ticks, n - 0.4
	print "set boxwidth 0.7"
	plot_begin()
	plot_add("'scores' using 1:2 with boxes linecolor 1 notitle")
	plot_end()
}
