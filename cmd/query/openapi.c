/* The table of endpoints as an OpenAPI description. */
#include "base/diag.h"
#include "base/out.h"
#include "query/job.h"

#include <stdio.h>

#define TEXT_MAX ((size_t)4 << 20)

static void
put_schema(struct jw *w, const char *type)
{
	jw_key(w, "schema");
	jw_object(w);
	jw_member_str(w, "type", type);
	jw_end(w);
}

static void
put_param(struct jw *w, const struct param *p)
{
	char name[32], *at;

	(void)snprintf(name, sizeof(name), "%s", p->name);
	for (at = name; *at != '\0'; at++)
		*at = *at == '-' ? '_' : *at;
	jw_object(w);
	jw_member_str(w, "name", name);
	jw_member_str(w, "in", "query");
	jw_member_str(w, "description", p->help);
	if (p->kind == OPT_LIST) {
		jw_member_bool(w, "explode", true);
		jw_key(w, "schema");
		jw_object(w);
		jw_member_str(w, "type", "array");
		jw_key(w, "items");
		jw_object(w);
		jw_member_str(w, "type", "string");
		jw_end(w);
		jw_end(w);
	} else {
		put_schema(w, p->kind == OPT_COUNT  ? "integer"
			      : p->kind == OPT_FLAG ? "boolean"
						    : "string");
	}
	jw_end(w);
}

static void
put_params(struct jw *w, const struct endpoint *e)
{
	size_t i;

	if (e->takes == 0)
		return;
	jw_key(w, "parameters");
	jw_array(w);
	for (i = 0; i < PARAMS; i++)
		if ((e->takes & (uint64_t)1 << i) != 0)
			put_param(w, &params[i]);
	jw_end(w);
}

static void
put_member(struct jw *w, const struct member *m)
{
	static const char *const types[] = { [MEMBER_TEXT] = "string",
		[MEMBER_COUNT] = "integer",
		[MEMBER_BOOL] = "boolean",
		[MEMBER_TEXTS] = "array" };

	jw_key(w, m->name);
	jw_object(w);
	if (m->kind != MEMBER_ANY)
		jw_member_str(w, "type", types[m->kind]);
	if (m->kind == MEMBER_TEXTS) {
		jw_key(w, "items");
		jw_object(w);
		jw_member_str(w, "type", "string");
		jw_end(w);
	}
	jw_member_str(w, "description", m->help);
	jw_end(w);
}

static void
put_body(struct jw *w, const struct endpoint *e)
{
	const struct member *m;

	jw_key(w, "requestBody");
	jw_object(w);
	jw_member_bool(w, "required", true);
	jw_key(w, "content");
	jw_object(w);
	jw_key(w, "application/json");
	jw_object(w);
	jw_key(w, "schema");
	jw_object(w);
	jw_member_str(w, "type", "object");
	jw_member_bool(w, "additionalProperties", false);
	jw_key(w, "required");
	jw_array(w);
	for (m = e->members; m->name != NULL; m++)
		if (m->required)
			jw_str(w, m->name);
	jw_end(w);
	jw_key(w, "properties");
	jw_object(w);
	for (m = e->members; m->name != NULL; m++)
		put_member(w, m);
	jw_end(w);
	jw_end(w);
	jw_end(w);
	jw_end(w);
	jw_end(w);
}

static void
put_response(struct jw *w, const char *status, const char *text, const char *type)
{
	jw_key(w, status);
	jw_object(w);
	jw_member_str(w, "description", text);
	jw_key(w, "content");
	jw_object(w);
	jw_key(w, "application/json");
	jw_object(w);
	put_schema(w, type);
	jw_end(w);
	jw_end(w);
	jw_end(w);
}

static void
put_responses(struct jw *w, const struct endpoint *e)
{
	jw_key(w, "responses");
	jw_object(w);
	put_response(w, "200", "the answer", e->shape == SHAPE_ROWS ? "array" : "object");
	put_response(w, "400", "what is wrong with the request", "object");
	if (!e->open) {
		put_response(w, "401", "no token, or not a good one", "object");
		put_response(w, "403", "the user's role is not enough", "object");
		put_response(
		    w, "404", "no such building, point or row for this user", "object");
	}
	jw_end(w);
}

static void
put_endpoint(struct jw *w, const struct endpoint *e)
{
	char path[64], *p;
	struct buf id = BUF(128);

	(void)endpoint_path(e, path);
	buf_printf(&id, "/%s", path);
	jw_key(w, buf_text(&id));
	jw_object(w);
	jw_key(w, e->act != NULL ? "post" : "get");
	jw_object(w);
	for (p = path; *p != '\0'; p++)
		*p = *p == '/' || *p == '.' ? '_' : *p;
	jw_member_str(w, "operationId", path);
	jw_member_str(w, "summary", e->help);
	if (e->group[0] != '\0') {
		jw_key(w, "tags");
		jw_array(w);
		jw_str(w, e->group);
		jw_end(w);
	}
	jw_key(w, "security");
	jw_array(w);
	if (!e->open) {
		jw_object(w);
		jw_key(w, "token");
		jw_array(w);
		jw_end(w);
		jw_end(w);
	}
	jw_end(w);
	jw_member_str(w, "x-role", e->open ? "anybody" : token_role_name(e->role));
	put_params(w, e);
	if (e->act != NULL)
		put_body(w, e);
	put_responses(w, e);
	jw_end(w);
	jw_end(w);
	buf_free(&id);
}

static void
put_info(struct jw *w)
{
	jw_member_str(w, "openapi", "3.1.0");
	jw_key(w, "info");
	jw_object(w);
	jw_member_str(w, "title", "nbms");
	jw_member_str(w, "version", NBMS_VERSION);
	jw_end(w);
	jw_key(w, "servers");
	jw_array(w);
	jw_object(w);
	jw_member_str(w, "url", "/api");
	jw_end(w);
	jw_end(w);
	jw_key(w, "components");
	jw_object(w);
	jw_key(w, "securitySchemes");
	jw_object(w);
	jw_key(w, "token");
	jw_object(w);
	jw_member_str(w, "type", "http");
	jw_member_str(w, "scheme", "bearer");
	jw_end(w);
	jw_end(w);
	jw_end(w);
}

void
openapi_print(struct query *q)
{
	struct buf text = BUF(TEXT_MAX);
	struct jw w = jw_begin(&text);
	const struct endpoint *e;

	(void)q;
	jw_object(&w);
	put_info(&w);
	jw_key(&w, "paths");
	jw_object(&w);
	for (e = endpoints; e->name != NULL; e++)
		put_endpoint(&w, e);
	jw_end(&w);
	jw_end(&w);
	must(jw_finish(&w));
	out_line(buf_span(&text));
	buf_free(&text);
}
