#!/usr/bin/env bats
# scripts/plot: the picture has the data; bad rows are named; nothing in a row, a name or a title is ever a command.

load common

setup() {
	common_setup
	PATH=$top/scripts:$PATH
	unset NO_COLOR COLUMNS LINES
}

# day EXPRESSION [STEP]: readings of 2026-07-14, every quarter hour; the expression may use k
day() {
	awk -v step="${2:-15}" 'BEGIN { for (k = 0; k * step < 1440; k++)
		printf "{\"time\":\"2026-07-14T%02d:%02d:00+09:00\",\"point_id\":\"39.AI-301:3001_OutdoorTemp_01\",\"attr\":\"M_Value\",\"value\":%s}\n",
			k * step / 60, k * step % 60, ('"$1"') }'
}

# path FILE N: the points of the N-th plot of an SVG picture, "x y" a line; a break in the line is a blank one. Where the
# plot has a title the first stroke is the key's.
path() {
	/usr/bin/python3 - "$1" "$2" <<-'PY'
		import re, sys, xml.etree.ElementTree as E
		root = E.parse(sys.argv[1]).getroot()
		ns = '{http://www.w3.org/2000/svg}'
		g = [x for x in root.iter(ns + 'g') if x.get('id') == 'gnuplot_plot_' + sys.argv[2]][0]
		parts = [part for p in g.iter(ns + 'path') for part in p.get('d').split('M')[1:]]
		for i, part in enumerate(parts[g.find('.//' + ns + 'text') is not None:]):
		    if i: print()
		    for x, y in re.findall(r'([-0-9.]+),([-0-9.]+)', part): print(x, y)
	PY
}

texts() {
	/usr/bin/python3 -c 'import sys, xml.etree.ElementTree as E
for t in E.parse(sys.argv[1]).iter("{http://www.w3.org/2000/svg}text"): print("".join(t.itertext()).strip())' "$1"
}

@test "a trend has every reading where it belongs, and breaks where there is none" {
	day '20 + 5 * sin(k * 0.0654498)' >rows
	plot --out a.svg rows
	# 96 readings: one path, time to the right, the warmest at six, as far above the mean as the coldest is below
	[ "$(path a.svg 1 | awk 'NF' | awk "NR <= 96" | wc -l)" -eq 96 ]
	path a.svg 1 | awk 'NR <= 96' | awk '
		NR > 1 && $1 <= x { bad = "backwards" } { x = $1; y[NR] = $2 }
		END { for (i = 1; i <= 96; i++) if (y[i] < y[best]  || !best) best = i
			if (best != 25) bad = "highest at " best
			scale = (y[1] - y[25]) / 5
			for (i = 1; i <= 96; i++) { want = y[1] - scale * 5 * sin((i - 1) * 0.0654498); if ((want - y[i]) ^ 2 > 1) bad = "off at " i }
			if (bad) print bad; exit bad != "" }'
	texts a.svg >said
	holds said '39.AI-301:3001_OutdoorTemp_01'
	holds said '°C'
	holds said '2026-07-14 (UTC+09:00)'
	# two hours missing, and one null: three stretches
	sed '33,40d' rows | sed '61s/"value":[^}]*/"value":null/' >gaps
	plot --out b.svg gaps
	[ "$(path b.svg 1 | grep -c '^$')" -eq 2 ]
	# a reading that stands alone is a point
	sed -n '1,8p; 40p; 60,70p' rows >alone
	plot --format svg alone | grep -q "<use xlink:href='#gpPt6'"
	# thinned, but the extremes stay: a year of quarter hours with one spike
	awk 'BEGIN { for (k = 0; k < 35040; k++) printf "{\"time\":\"%s\",\"point_id\":\"P\",\"value\":%s}\n", strftime("%Y-%m-%dT%H:%M:%SZ", 1767225600 + 900 * k, 1), k == 20001 ? 99 : 1 + k % 3 }' >year
	plot --out c.svg year
	[ "$(path c.svg 1 | wc -l)" -lt 5000 ]
	path c.svg 1 | awk 'NF { y[NR] = $2; if (!low || $2 < low) low = $2 } END { for (i in y) if (y[i] == low) n++; exit n != 1 }'
}

@test "PNG and SVG of the size asked for; the terminal's in characters, with colour where there is one" {
	day 'k' >rows
	plot --out a.png --size 640x400 rows
	[ "$(od -An -tx1 -N8 a.png | tr -d ' ')" = 89504e470d0a1a0a ]
	[ "$(od -An -j16 -N8 -tu1 a.png | awk '{ print $3 * 256 + $4, $7 * 256 + $8 }')" = '640 400' ]
	day '95 - k' | plot --format png --size 640x400 >b.png
	run ! cmp -s a.png b.png
	[ "$(stat -c %a a.png)" = "$(printf %o $((0666 & ~$(umask))))" ]
	plot --format svg --size 640x400 rows | grep -q 'viewBox="0 0 640 400"'
	plot --size 70x20 rows >text
	[ "$(wc -l <text)" -ge 19 ]
	awk 'length($0) > 71 { exit 1 }' text
	[ "$(grep -o '\*' text | wc -l)" -gt 30 ]
	no_control_bytes text
	TERM=xterm script -qec "plot --size 70x20 rows" /dev/null </dev/null >color
	grep -q $'\033\[' color
	TERM=xterm NO_COLOR=1 script -qec "plot --size 70x20 rows" /dev/null </dev/null >plain
	run ! grep -q $'\033\[' plain
	# a locale without UTF-8 gets none of it
	LC_ALL=C plot --size 70x20 rows >ascii
	run ! grep -qP '[^\x00-\x7f]' ascii
	LC_ALL=C.UTF-8 plot --size 70x20 rows | grep -q '°C'
}

@test "load duration falls; the mean day is the mean of its days, workdays apart" {
	# five workdays and a weekend of hours: h on workdays, 5 on others, twice as much on the first
	awk 'BEGIN { for (d = 0; d < 7; d++) for (h = 0; h < 24; h++)
		printf "{\"from\":\"2026-07-%02dT%02d:00:00+09:00\",\"to\":\"2026-07-%02dT%02d:00:00+09:00\",\"point_id\":\"M\",\"usage_kwh\":%d}\n",
			13 + d, h, 13 + d + (h == 23), (h + 1) % 24, (d > 4 ? 5 : d == 0 ? 2 * h : h) }' >rows
	plot --kind duration --out a.svg rows
	path a.svg 1 | awk "NR <= 168" | awk 'NR > 1 && $2 < y { exit 1 } { y = $2 } END { exit NR != 168 }'
	plot --kind profile --out b.svg rows
	texts b.svg >said
	holds said workdays
	holds said weekends
	holds said kWh
	# workdays: h * 6 / 5 rises evenly; weekends: flat
	path b.svg 2 | awk "NR <= 24" | awk '{ y[NR] = $2 } END { step = (y[1] - y[24]) / 23
		for (i = 1; i < 24; i++) if ((y[i] - y[i + 1] - step) ^ 2 > 0.02) exit 1; exit !(NR == 24 && step > 0) }'
	path b.svg 3 | awk "NR <= 24" | awk 'NR > 1 && $2 != y { exit 1 } { y = $2 } END { exit NR != 24 }'
	plot --value usage_kwh --out c.svg rows
	path c.svg 1 | grep -q .
}

@test "forecast against what came, with its interval; plan, tender and scores" {
	awk 'BEGIN { printf "{\"task_id\":\"t\",\"status\":\"ok\",\"result\":{\"forecast\":["
		for (h = 0; h < 24; h++) printf "%s{\"from\":\"2026-07-15T%02d:00:00+09:00\",\"kwh\":%d,\"low\":%d,\"high\":%d,\"week_ago\":%d}", h ? "," : "", h, 20 + h, 15 + h, 25 + h, 20
		print "]}}"
		for (h = 0; h < 24; h++) printf "{\"from\":\"2026-07-15T%02d:00:00+09:00\",\"to\":\"2026-07-%02dT%02d:00:00+09:00\",\"point_id\":\"Main\",\"usage_kwh\":%d}\n", h, 15 + (h == 23), (h + 1) % 24, 21 + h }' >rows
	plot --out a.svg rows
	texts a.svg >said
	for word in forecast '90 %' 'a week ago' Main 2026-07-15; do holds said "$word"; done
	path a.svg 2 | awk "NR <= 24" >forecast
	path a.svg 4 | awk "NR <= 24" >actual
	# what came lies one kWh above the forecast: a fifth of the interval's half
	paste -d' ' forecast actual | awk 'NR <= 24 { if ($1 != $3 || $4 >= $2) exit 1; d = $2 - $4; if (NR > 1 && (d - was) ^ 2 > 0.1) exit 1; was = d }'
	echo '{"result":{"from":"2026-07-15T00:00:00+09:00","to":"2026-07-16T00:00:00+09:00","price":[1,2,3,2],"units":[{"unit":"A","planned":true,"intervals":[
		{"to":"2026-07-15T12:00:00+09:00","on":true,"temperature":25},{"to":"2026-07-16T00:00:00+09:00","on":false,"temperature":26}]},{"unit":"B","planned":false}]}}' |
		jq -c . | plot --format svg >b.svg
	texts b.svg >said
	holds said 'price per kWh'
	[ "$(path b.svg 1 | awk 'NF' | awk "NR <= 2" | wc -l)" -eq 2 ]
	echo '{"result":{"curve":[{"percent":-1,"win":0,"win_low":0,"win_high":0.1,"below_floor":1},{"percent":1,"win":0.1,"win_low":0.05,"win_high":0.2,"below_floor":0}]}}' |
		plot --format svg >c.svg
	texts c.svg >said
	holds said 'chance to win, %'
	printf '{"horizon":"year-ahead","model":"%s","cvrmse_percent":%d}\n' mean 15 towt 16 ridge 17 | plot --format svg >d.svg
	texts d.svg | grep -q 'year-ahead: ridge'
	# what nbms-learn itself says
	nbms-learn task tender-predict -d . --input '{"base":404282000,"rate":89.745,"bidders":10}' 2>/dev/null | nbms-learn run >law || {
		echo '{"type":"building","customer":"C1","building":"B1","timezone":"UTC"}' | nbms-device register -d state
		nbms-learn task tender-predict -d state --input '{"base":404282000,"rate":89.745,"bidders":10}' | nbms-learn run >law
	}
	plot --size 70x20 law | grep -q 'chances of a bid'
	# by the law alone there is no band, and none in the legend
	plot --format svg law >law.svg
	texts law.svg | grep -q 'below the floor'
	! texts law.svg | grep -q '5 to 95' || false
}

@test "the psychrometric chart: outlines closed, readings where temperature and humidity put them" {
	for air in 22 27; do
		for humidity in 20 40 60; do
			echo "{\"zone_id\":\"East\",\"air\":$air,\"humidity\":$humidity,\"ratio\":0.0$((humidity / 6 + 10))}"
		done
	done >zone
	{
		cat zone
		echo '{"time":"2026-07-14T09:00:00+09:00","point_id":"RoomTemp_01","value":25}'
		echo '{"time":"2026-07-14T09:00:00+09:00","point_id":"OutdoorHumi_01","value":50}'
		echo '{"time":"2026-07-14T10:00:00+09:00","point_id":"RoomTemp_01","value":25}'
	} | plot --format svg >a.svg
	texts a.svg >said
	holds said East
	holds said 'g water per kg dry air'
	[ "$(path a.svg 2 | awk 'NF' | awk "NR <= 7" | awk 'NR == 1 { a = $0 } NR == 7 && $0 == a' | wc -l)" -eq 1 ]
	# 25 degC at 50 % is 9.9 g/kg, and there is one such reading, for one of the temperatures has no humidity
	/usr/bin/python3 - a.svg <<-'PY'
		import re, sys
		svg = open(sys.argv[1]).read()
		plot = svg[svg.index('gnuplot_plot_3'):]
		uses = re.findall(r"<use[^>]*transform='translate\(([0-9.]+),([0-9.]+)\)", plot)
		uses = uses[:-1] if len(uses) > 1 else uses  # the key's own
		assert len(uses) == 1, uses
	PY
}

@test "bad rows are named by file and line and the rest is drawn; nothing to draw is said" {
	{
		echo '{"time":"2026-07-14T00:00:00Z","value":1}'
		echo 'nonsense'
		echo '[1]'
		echo '{"time":"yesterday","value":3}'
		echo '{"time":"2026-07-14T02:00:00Z","value":"warm"}'
		echo '{"time":"2026-07-14T25:00:00Z","value":1}'
		echo '{"place":1}'
		echo '{"result":{}}'
		echo '{"time":["2026"],"value":1}'
		printf '{"time":"2026-07-14T00:30:00Z","value":\377}\n'
		echo
		printf '{"time":"2026-07-14T01:00:00Z","value":4}'
	} >rows
	run -1 --separate-stderr plot rows --format svg
	echo "$output" >a.svg
	# shellcheck disable=SC2154  # set by run
	echo "$stderr" >err
	[ "$(grep -c '^nbms-plot: rows:[0-9]*: .*: left out$' err)" -eq 9 ]
	holds err 'rows:2: not JSON'
	holds err 'rows:4: not a time'
	holds err 'rows:5: value: not a number'
	[ "$(path a.svg 1 | awk 'NF' | awk "NR <= 2" | wc -l)" -eq 2 ]
	run -65 plot /dev/null
	run -65 plot --kind forecast <<<'{"time":"2026-07-14T00:00:00Z","value":1}'
	run -66 plot nowhere
	run -66 plot .
	run -64 plot --kind pie rows
	run -64 plot --size big rows
	run -64 plot --value 'a b' rows
	run -64 plot --out picture.jpg rows
	run -64 plot --nonsense
	run -64 plot --out
	run -74 bash -c 'plot --size 70x20 rows >/dev/full'
	run -74 plot --out nowhere/a.png rows
	plot --help | grep -q 'usage: scripts/plot'
	plot --version | grep -q '^nbms-plot '
}

@test "labels, names and titles are text, whatever they hold" {
	mkdir in
	cd in
	/usr/bin/python3 - >rows <<-'PY'
		import json
		names = ["`touch pwned`", "$(touch pwned)", "'; system('touch pwned'); '", '"; system "touch pwned"', "<script>alert(1)</script>",
		         "\\n\\`touch pwned\\`", "@x {/Bold x}", "a\nset output '|touch pwned'", "\x1b]0;pwned\x07", "| touch pwned", "\u202edenwp", "%s%n" + "x" * 500]
		for n in names:
		    for h in range(3):
		        print(json.dumps({"time": "2026-07-14T%02d:00:00+09:00" % h, "point_id": n, "attr": n, "value": h}))
	PY
	plot --format svg --title "\`touch pwned\` '; system('touch pwned'); # <b>" --unit "'\$(touch pwned)\\" rows >../a.svg
	plot --size 120x40 rows >../text
	no_control_bytes ../text
	cp rows '|touch pwned'
	cp rows "'\`touch pwned\`.ndjson"
	plot --format png '|touch pwned' ./"'\`touch pwned\`.ndjson" >../a.png
	plot --out '|touch pwned.svg' rows
	cp rows ./-rf
	plot --format svg -- -rf >/dev/null
	run ! compgen -G 'pwned*'
	[ -s '|touch pwned.svg' ]
	cd ..
	[ ! -e pwned ]
	texts a.svg >said
	holds said '<script>alert(1)</script>'
	run ! grep -q '<script>alert' a.svg
	run ! grep -q $'\033' a.svg
	# a ~/.gnuplot is not read
	echo 'system "touch pwned"' >.gnuplot
	HOME=$PWD plot --size 70x20 in/rows >/dev/null
	[ ! -e pwned ]
}

@test "the days when clocks change: every hour has its place" {
	for h in $(seq 0 24); do date -u -d "2026-10-24 23:00 UTC + $h hours" +%s; done |
		TZ=Europe/London xargs -I{} date -d @{} +'{"time":"%Y-%m-%dT%H:%M:%S%:z","value":1}' >rows
	[ "$(wc -l <rows)" -eq 25 ]
	plot --out a.svg rows
	path a.svg 1 | awk "NR <= 25" | awk 'NR > 2 && ($1 - x - d) ^ 2 > 0.1 { exit 1 } { d = $1 - x; x = $1 } END { exit NR != 25 }'
}
