/* A request over CGI (RFC 3875): query string, path, headers and body, NUL between them. What
 * is taken asks only for what its endpoint takes. */
#include "fuzz.h"
#include "query/job.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char
give(const char *name, struct span *left)
{
	static char text[1 << 16];
	const char *nul = left->n > 0 ? memchr(left->p, '\0', left->n) : NULL;
	size_t n = nul != NULL ? (size_t)(nul - left->p) : left->n;

	if (n >= sizeof(text))
		n = sizeof(text) - 1;
	memcpy(text, left->n > 0 ? left->p : "", n);
	text[n] = '\0';
	left->p += n + (nul != NULL);
	left->n -= n + (nul != NULL);
	(void)setenv(name, text, 1);
	return text[0];
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char *const names[] = { "QUERY_STRING", "PATH_INFO", "HTTP_AUTHORIZATION",
		"HTTP_ACCEPT", "HTTP_ORIGIN", "CONTENT_TYPE", "HTTP_IF_NONE_MATCH" };
	struct span left = { (const char *)data, n };
	struct refusal why = { 0 };
	struct request r = { 0 };
	FILE *body = tmpfile();
	char length[24];

	must(body != NULL);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)give(names[i], &left);
	if (left.n > 0)
		must(fwrite(left.p, left.n, 1, body) == 1);
	must(fflush(body) == 0 && fseek(body, 0, SEEK_SET) == 0);
	must(dup2(fileno(body), STDIN_FILENO) == STDIN_FILENO);
	(void)snprintf(length, sizeof(length), "%zu", left.n);
	(void)setenv("CONTENT_LENGTH", length, 1);
	(void)setenv("REQUEST_METHOD", left.n > 0 ? "POST" : "GET", 1);
	if (!request_read(&r, &why))
		must(why.status >= 200 && why.code != NULL);
	else
		must(r.endpoint != NULL);
	request_free(&r);
	(void)fclose(body);
	return 0;
}
