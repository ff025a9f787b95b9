#include "bms/command.h"
#include "bms/thing.h"

#include <math.h>

/* BV, BV-300 and BinaryValue alike. */
static enum command_kind
kind_of_type(struct span type)
{
	static const struct {
		const char *name;
		enum command_kind kind;
	} types[] = {
		{ "BI", COMMAND_INPUT },
		{ "AI", COMMAND_INPUT },
		{ "MI", COMMAND_INPUT },
		{ "MSI", COMMAND_INPUT },
		{ "ACC", COMMAND_INPUT },
		{ "PC", COMMAND_INPUT },
		{ "BO", COMMAND_BINARY },
		{ "BV", COMMAND_BINARY },
		{ "AO", COMMAND_ANALOG },
		{ "AV", COMMAND_ANALOG },
		{ "MO", COMMAND_MULTISTATE },
		{ "MV", COMMAND_MULTISTATE },
		{ "MSO", COMMAND_MULTISTATE },
		{ "MSV", COMMAND_MULTISTATE },
	};
	size_t i;

	for (i = 0; i < type.n && type.p[i] != '-'; i++)
		;
	type.n = i;
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (span_is(type, types[i].name))
			return types[i].kind;
	return COMMAND_UNKNOWN;
}

enum command_kind
command_kind_of(struct span type, struct span point_id)
{
	enum command_kind told = kind_of_type(type);

	return told != COMMAND_UNKNOWN ? told : kind_of_type(point_parts(point_id).device);
}

const char *
command_refuses(enum command_kind kind, json_value value)
{
	bool b;
	double d = NAN;

	if (kind == COMMAND_UNKNOWN)
		return "its type is not known to be one that is written to";
	if (kind == COMMAND_INPUT)
		return "an input is read only";
	if (json_kind_of(value) == JSON_NULL)
		return NULL;
	if (kind == COMMAND_BINARY && json_bool(value, &b))
		return NULL;
	if (!json_number(value, &d))
		return kind == COMMAND_BINARY ? "the value is not 0, 1, true or false"
					      : "the value is not a number";
	if (kind == COMMAND_BINARY && d != 0 && d != 1)
		return "the value is not 0, 1, true or false";
	if (kind == COMMAND_MULTISTATE && (d < 1 || d != floor(d) || d > 65535))
		return "the value is not a state: 1, 2, 3 ...";
	return NULL;
}

const char *
command_refuses_priority(int64_t priority)
{
	if (priority < 1 || priority > 16)
		return "the priority is not 1 to 16";
	return priority == 6 ? "priority 6 is the controller's own" : NULL;
}

static bool
number_of(json_value v, double *d)
{
	bool b;

	if (json_bool(v, &b)) {
		*d = b ? 1 : 0;
		return true;
	}
	return json_number(v, d);
}

bool
command_same(json_value written, json_value reported)
{
	struct span a, b;
	double x, y;

	if (number_of(written, &x) && number_of(reported, &y))
		return fabs(x - y) <= 1e-6 * fmax(1, fmax(fabs(x), fabs(y)));
	return json_text(written, &a) && json_text(reported, &b) && span_eq(a, b);
}
