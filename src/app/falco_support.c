/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <sys/utsname.h>

#include "app/config_show.h"
#include "app/falco.h"
#include "app/falco_version.h"
#include "app/listing.h"
#include "app/log.h"
#include "base/json.h"

/*
 * --support: what a report needs, as one JSON object with Falco's keys. Secrets of the configuration are
 * masked, and what the command line assigns is left out.
 */

static void add_text(struct strbuf *out, const char *key, const char *text)
{
	strbuf_addf(out, "\"%s\":", key);
	json_add_string(out, str_of(text));
}

/* What stands behind a '=' may be a secret, however it was given: -o KEY=VALUE, -oKEY=VALUE, --option=KEY=VALUE. */
static void add_command_line(struct strbuf *out, char **argv)
{
	auto_strbuf struct strbuf line = { 0 };

	for (; *argv; argv++) {
		const char *equals = strchr(*argv, '=');

		if (line.len)
			strbuf_addc(&line, ' ');
		if (equals)
			strbuf_addf(&line, "%.*s=...", (int)(equals - *argv), *argv);
		else
			strbuf_adds(&line, *argv);
	}
	strbuf_adds(out, "\"cmdline\":");
	json_add_string(out, strbuf_str(&line));
	out->failed |= line.failed;
}

static void add_config(struct strbuf *out, const struct config *config)
{
	auto_strbuf struct strbuf dump = { 0 };

	config_dump(&dump, config);
	strbuf_adds(out, ",\"config\":");
	json_add_string(out, strbuf_str(&dump));
	out->failed |= dump.failed;
}

static void add_rules(struct strbuf *out, const struct rules_input *in)
{
	size_t i;

	strbuf_adds(out, ",\"rules_files\":[");
	for (i = 0; i < in->count; i++) {
		strbuf_adds(out, i ? ",{" : "{");
		add_text(out, "name", in->list[i].path);
		strbuf_adds(out, ",\"variants\":[{\"content\":");
		json_add_string(out, (struct str){ in->list[i].text, in->list[i].len });
		strbuf_adds(out, "}]}");
	}
	strbuf_adds(out, "],");
}

static void add_system(struct strbuf *out)
{
	struct utsname u;

	if (uname(&u) < 0)
		u = (struct utsname){ 0 };
	strbuf_adds(out, "\"system_info\":{");
	add_text(out, "machine", u.machine);
	strbuf_addc(out, ',');
	add_text(out, "nodename", u.nodename);
	strbuf_addc(out, ',');
	add_text(out, "release", u.release);
	strbuf_addc(out, ',');
	add_text(out, "sysname", u.sysname);
	strbuf_addc(out, ',');
	add_text(out, "version", u.version);
	strbuf_adds(out, "},");
}

int falco_support(const struct config *config, const struct options *o, const struct engine_options *engine,
		  char **command_line)
{
	auto_session struct session s = { 0 };
	auto_strbuf struct strbuf out = { 0 };
	struct error err = { 0 };

	if (falco_load_rules(&s, config, o, engine, &err) < 0)
		return log_failure(&err, EXIT_FAILED);
	strbuf_addc(&out, '{');
	add_command_line(&out, command_line);
	add_config(&out, config);
	strbuf_adds(&out, ",\"engine_info\":");
	falco_version_json(&out, engine);
	add_rules(&out, &s.input);
	add_system(&out);
	add_text(&out, "version", FALCO_VERSION);
	strbuf_adds(&out, "}\n");
	return listing_print(&out);
}
