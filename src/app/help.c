/* SPDX-License-Identifier: Apache-2.0 */
#include "app/help.h"

#include <errno.h>

#include "app/log.h"
#include "app/options.h"

#define HELP_COLUMN 26 /* where descriptions start */
#define HELP_WIDTH  100

static void add_wrapped(struct strbuf *out, size_t column, const char *text)
{
	size_t at = column;

	while (*text) {
		size_t word = strcspn(text, " ");

		if (at > column && at + 1 + word > HELP_WIDTH) {
			strbuf_addf(out, "\n%*s", (int)column, "");
			at = column;
		}
		if (at > column) {
			strbuf_addc(out, ' ');
			at++;
		}
		strbuf_add(out, text, word);
		at += word;
		text += word + (text[word] == ' ');
	}
	strbuf_addc(out, '\n');
}

/* "  -r, --rules FILE" and the description beside it, or below when the left side is long. */
static void add_option(struct strbuf *out, const struct option_info *o)
{
	size_t start = out->len, len;

	strbuf_adds(out, "  ");
	if (o->short_name)
		strbuf_addf(out, "-%c%s", o->short_name, *o->long_name ? ", " : "");
	else
		strbuf_adds(out, "    ");
	if (*o->long_name)
		strbuf_addf(out, "--%s", o->long_name);
	if (o->argument == OPTION_REQUIRED)
		strbuf_addf(out, " %s", o->metavar);
	if (o->argument == OPTION_OPTIONAL)
		strbuf_addf(out, "[=%s]", o->metavar);
	len = out->len - start;
	if (len + 2 > HELP_COLUMN) {
		strbuf_addc(out, '\n');
		len = 0;
	}
	strbuf_addf(out, "%*s", (int)(HELP_COLUMN - len), "");
	add_wrapped(out, HELP_COLUMN, o->help);
}

static int print(struct strbuf *out)
{
	if (!out->failed && fwrite(out->ptr, 1, out->len, stdout) == out->len && fflush(stdout) == 0)
		return EXIT_OK;
	log_error("cannot write to standard output: %s", strerror(errno));
	return EXIT_FAILED;
}

int help_program(void)
{
	auto_strbuf struct strbuf out = { 0 };
	const struct command *c;
	size_t i;

	strbuf_adds(&out, "usage: monitor COMMAND [OPTIONS]\n\nRuntime security monitoring with Falco's rules.\n\n");
	for (i = 0; (c = command_by_index(i)); i++) {
		strbuf_addf(&out, "  %-9s ", c->name);
		add_wrapped(&out, 12, c->summary);
	}
	strbuf_adds(&out, "\n  --version  print the version\n"
			  "  --help     show this help; monitor COMMAND --help has the options of COMMAND\n\n"
			  "A first try: monitor run -- find . -name id_rsa\n");
	return print(&out);
}

int help_command(const struct command *c)
{
	auto_strbuf struct strbuf out = { 0 };
	size_t i;

	strbuf_addf(&out, "usage: monitor %s [OPTIONS]%s%s\n\nmonitor %s: %s\n\n", c->name, *c->operands ? " " : "",
		    c->operands, c->name, c->summary);
	for (i = 0; i < OPT_COUNT; i++)
		if (strcmp(option_table[i].command, c->name) == 0)
			add_option(&out, &option_table[i]);
	return print(&out);
}

int help_version(void)
{
	auto_strbuf struct strbuf out = { 0 };

	strbuf_adds(&out, "monitor " VERSION "\n");
	return print(&out);
}
