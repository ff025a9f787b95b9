/* token: users and what they come in with: add, list, revoke. */
#include "base/clock.h"
#include "base/diag.h"
#include "base/files.h"
#include "base/out.h"
#include "base/prog.h"
#include "bms/thing.h"
#include "db/site.h"
#include "io/channel.h"
#include "io/sign.h"
#include "live/job.h"

#include <stdio.h>
#include <stdlib.h>

#define MAIL_MS 30000 /* for the mail server */

static void
set(char to[TOKEN_TEXT], const char *option, const char *text)
{
	if (text == NULL)
		return;
	if (strlen(text) >= TOKEN_TEXT || !json_is_utf8(span_of(text)))
		opt_wrong("--%s: too long, or not UTF-8", option);
	(void)snprintf(to, TOKEN_TEXT, "%s", text);
}

static void
user_of(struct live_job *job, const char *name, struct token_user *u)
{
	*u = (struct token_user){ .expires = WHEN_NONE };
	if (!token_user_is_valid(span_of(name)))
		opt_wrong("a user's name is 1 to 64 letters, digits and . _ @ + -: %s", name);
	if (job->customer == NULL || !thing_part_is_valid(span_of(job->customer)))
		opt_wrong("--customer is missing");
	if (job->role != NULL && !token_role_find(span_of(job->role), &u->role))
		opt_wrong("--role: viewer, operator or admin: %s", job->role);
	for (size_t i = 0; i < job->buildings.n; i++)
		if (!thing_part_is_valid(span_of(job->buildings.items[i])))
			opt_wrong("--building: not a building's number, as in B001: %s",
			    job->buildings.items[i]);
	if (job->expires != NULL &&
	    !when_parse_human(span_of(job->expires), NULL, clock_now(), &u->expires))
		opt_wrong("--expires: not a time: %s", job->expires);
	(void)snprintf(u->user, sizeof(u->user), "%s", name);
	(void)snprintf(u->customer, sizeof(u->customer), "%s", job->customer);
	set(u->name, "name", job->name);
	set(u->mail, "mail", job->mail);
}

/* The invitation, by the mail channel that nbms-push uses. NULL, or why it did not go. */
static const char *
mail(struct live_job *job, const struct token_user *u, const char *token)
{
	static char why[200];
	char *path = job->channels != NULL
			 ? xstrdup(job->channels)
			 : xasprintf("%s/push.ndjson", opt_state_dir(job->dir));
	struct channels *channels = channels_read(path);
	struct post *post = post_open();
	char *to = xasprintf("mailto:%s", u->mail);
	char *text =
	    xasprintf("%s%sYou have been given access to the buildings of %s as %s.\n\n"
		      "User:  %s\nToken: %s\n\n"
		      "Keep the token to yourself: whoever has it comes in as you.\n",
		u->name, u->name[0] != '\0' ? ",\n\n" : "", u->customer,
		token_role_name(u->role), u->user, token);
	const struct channel_message m = { .id = clock_now(),
		.event = SPAN("invitation"),
		.endpoint = span_of(to),
		.title = SPAN("Your access"),
		.text = span_of(text),
		.data = SPAN("{}") };
	struct channel_outcome o = { .verdict = CHANNEL_REFUSED };
	struct post_result r;
	int64_t until = clock_monotonic() + MAIL_MS * INT64_C(1000000);
	bool readable, ended = false;
	when_t again;

	if (channels != NULL &&
	    channel_ready(channels, post, CHANNEL_MAIL, clock_now(), &again) == CHANNEL_READY) {
		channel_start(channels, post, CHANNEL_MAIL, &m, clock_now());
		while (!ended && clock_monotonic() < until && !prog_stopping()) {
			post_wait(post, -1, 200, &readable);
			ended = post_result(post, &r);
		}
		if (ended)
			channel_judge(channels, CHANNEL_MAIL, &r, &o);
		else
			(void)snprintf(o.why, sizeof(o.why), "the mail server does not answer");
	} else {
		(void)snprintf(o.why, sizeof(o.why), "no mail channel is set up");
	}
	(void)snprintf(why, sizeof(why), "%s", o.why);
	post_close(post);
	channels_free(channels);
	explicit_bzero(text, strlen(text));
	free(text);
	free(to);
	free(path);
	return o.verdict == CHANNEL_SENT ? NULL : why;
}

/* Handed out once: by mail, into a file of its own, or on stdout. False: it was not. */
static bool
hand_out(struct live_job *job, const struct token_user *u, const char *token)
{
	char line[SIGN_TOKEN + 1];
	const char *wrong;
	bool fine = true;

	if (job->mail != NULL) {
		wrong = mail(job, u, token);
		if (wrong != NULL)
			diag("%s: not mailed: %s", u->mail, wrong);
		return wrong == NULL;
	}
	(void)snprintf(line, sizeof(line), "%s\n", token);
	if (job->out != NULL)
		fine = file_new(job->out, 0600, span_of(line));
	else
		out_puts(line);
	explicit_bzero(line, sizeof(line));
	return fine;
}

static int
add(struct live_job *job, const char *name)
{
	char token[SIGN_TOKEN], digest[SIGN_HEX];
	const struct opt_list *buildings = job->buildings.n > 0 ? &job->buildings : NULL;
	struct token_user u, old;
	bool fine;

	user_of(job, name, &u);
	job->site = site_open(opt_state_dir(job->dir), DB_WRITE);
	sign_token_make(token);
	must(sign_token_digest(digest, span_of(token)));
	db_begin(job->site);
	if (job->role == NULL && token_user_get(job->site, span_of(name), &old))
		u.role = old.role;
	if (!token_user_put(job->site, &u, buildings, clock_now()))
		die(EX_DATAERR, "%s: a user of another customer has that name", name);
	token_add(job->site, digest, span_of(u.user), clock_now(), u.expires);
	db_commit(job->site);
	fine = hand_out(job, &u, token);
	if (!fine) { /* nobody has it: it opens nothing */
		db_begin(job->site);
		(void)token_revoke(job->site, (struct span){ digest, TOKEN_ID },
		    (struct span){ 0 }, clock_now());
		db_commit(job->site);
	}
	explicit_bzero(token, sizeof(token));
	return fine ? 0 : EX_UNAVAILABLE;
}

static int
revoke(struct live_job *job, int n, char *which[])
{
	int status = 0;

	if (n == 0)
		opt_wrong("revoke: whose, or which token?");
	job->site = site_open(opt_state_dir(job->dir), DB_WRITE);
	db_begin(job->site);
	for (int i = 0; i < n; i++) {
		int64_t revoked = token_revoke(
		    job->site, span_of(which[i]), span_of(job->customer), clock_now());

		diag("%s: %lld tokens revoked", which[i], (long long)revoked);
		if (revoked == 0)
			status = EX_DATAERR;
	}
	db_commit(job->site);
	return status;
}

int
verb_token(struct live_job *job, int argc, char *argv[])
{
	int status = 0;

	if (argc == 2 && strcmp(argv[0], "add") == 0) {
		status = add(job, argv[1]);
	} else if (argc == 1 && strcmp(argv[0], "list") == 0) {
		job->site = site_open(opt_state_dir(job->dir), DB_READ);
		token_list(job->site, table_form(&job->form), span_of(job->customer));
	} else if (argc >= 1 && strcmp(argv[0], "revoke") == 0) {
		status = revoke(job, argc - 1, argv + 1);
	} else {
		opt_wrong("token: add USER, list, or revoke USER|TOKEN ...");
	}
	db_close(job->site);
	return status;
}
