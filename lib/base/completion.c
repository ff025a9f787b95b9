#include "base/completion.h"
#include "base/diag.h"
#include "base/out.h"

#include <string.h>

/* bash(1): the words that may follow, and after those that name a file, file names. */
static void
bash(const struct opt_spec *spec, const char *const verbs[])
{
	const char *program = diag_program();
	const struct opt *o;

	out_printf("# %s: completion for bash; made by %s --completion\n", program, program);
	out_puts("complete -o default -W '");
	for (; verbs != NULL && *verbs != NULL; verbs++)
		out_printf("%s ", *verbs);
	for (o = spec->opts; o->name != NULL; o++)
		out_printf("--%s ", o->name);
	out_printf("--metrics --help --version' %s\n", program);
}

/* A text within single quotes, in brackets or between colons: what would end one is escaped. */
static void
put_escaped(const char *text)
{
	char one[2] = "";

	for (; *text != '\0'; text++) {
		one[0] = *text;
		if (*text == '\'')
			out_puts("'\\'");
		else if (strchr("[]:\\", *text) != NULL)
			out_puts("\\");
		out_puts(one);
	}
}

/* One option, as _arguments has it (zshcompsys(1)): what excludes it or '*', its names, its
 * help, its argument. */
static void
zsh_option(const struct opt *o)
{
	const char *joint = o->kind != OPT_FLAG ? "=" : "";

	out_puts(" \\\n\t");
	if (o->kind == OPT_LIST)
		out_puts("'*'");
	else if (o->letter != '\0')
		out_printf("'(-%c --%s)'", o->letter, o->name);
	if (o->letter != '\0')
		out_printf("{-%c%s,--%s%s}'[", o->letter, o->kind != OPT_FLAG ? "+" : "",
		    o->name, joint);
	else
		out_printf("'--%s%s[", o->name, joint);
	put_escaped(o->help);
	out_puts("]");
	if (o->kind != OPT_FLAG) {
		out_puts(":");
		put_escaped(o->arg);
		out_puts(strstr(o->arg, "DIR") != NULL    ? ":_files -/"
			 : strstr(o->arg, "FILE") != NULL ? ":_files"
							  : ": ");
	}
	out_puts("'");
}

static void
zsh(const struct opt_spec *spec, const char *const verbs[])
{
	const char *program = diag_program();
	const struct opt *o;

	out_printf(
	    "#compdef %s\n# made by %s --completion=zsh\n_arguments -s", program, program);
	for (o = spec->opts; o->name != NULL; o++)
		zsh_option(o);
	out_puts(" \\\n\t'--metrics=[figures for Prometheus]:FILE:_files' \\\n\t"
		 "'(- *)'{-h,--help}'[print this and stop]' \\\n\t"
		 "'(- *)--version[print the version and stop]'");
	if (verbs != NULL) {
		out_puts(" \\\n\t'1:verb:(");
		for (; *verbs != NULL; verbs++)
			out_printf("%s%s", *verbs, verbs[1] != NULL ? " " : "");
		out_puts(")'");
	}
	out_puts(" \\\n\t'*:file:_files'\n");
}

bool
completion_print(const struct opt_spec *spec, const char *const verbs[], const char *shell)
{
	if (shell == NULL || strcmp(shell, "bash") == 0)
		bash(spec, verbs);
	else if (strcmp(shell, "zsh") == 0)
		zsh(spec, verbs);
	else
		return false;
	return true;
}
