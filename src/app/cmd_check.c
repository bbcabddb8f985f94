/* SPDX-License-Identifier: Apache-2.0 */
#include "app/help.h"
#include "app/listing.h"
#include "app/log.h"
#include "app/options.h"
#include "app/rules_input.h"
#include "app/setup.h"

/* What a check is about: findings for all files, in order. */
struct check {
	struct rule_loader *loader;
	struct strbuf out;
	bool json, verbose, bad;
	size_t files;
	struct unread {
		const char *path;
		struct error err;
	} *unread; /* what could not be read */
	size_t nunread;
};

static void add_json(struct check *k, const struct load_result *result)
{
	strbuf_adds(&k->out, k->files++ ? "," : "");
	load_result_print_json(&k->out, result, true);
}

static int check_file(struct check *k, const struct rules_file *f, struct error *err)
{
	const struct load_result *result;
	int r;

	r = rule_loader_add(k->loader, str_of(f->path), (struct str){ f->text, f->len }, &result, err);
	if (r < 0)
		return r;
	k->bad |= !result->successful;
	if (k->json) {
		add_json(k, result);
	} else {
		size_t before = k->out.len;

		load_result_print(&k->out, result, k->verbose, true);
		if (k->out.len == before)
			strbuf_addf(&k->out, STR_FMT ": ok", STR_ARG(result->name));
		if (k->out.len && k->out.ptr[k->out.len - 1] != '\n')
			strbuf_addc(&k->out, '\n');
	}
	return 0;
}

/* Of all that was asked for there is a result: who reads them need not look at anything else. */
static int tell_unread(struct check *k, const struct unread *u, struct error *err)
{
	const struct load_result *result;
	int r = rule_loader_add_unread(k->loader, str_of(u->path), u->err.text, &result, err);

	if (r == 0)
		add_json(k, result);
	return r;
}

static int check_all(struct check *k, const struct engine_options *engine, const struct rules_input *in,
		     struct error *err)
{
	size_t i;
	int r;

	r = rule_loader_new(engine, &k->loader, err);
	if (r < 0)
		return r;
	if (k->json)
		strbuf_adds(&k->out, "{\"falco_load_results\":[");
	for (i = 0; r == 0 && i < in->count; i++)
		r = check_file(k, &in->list[i], err);
	for (i = 0; k->json && r == 0 && i < k->nunread; i++)
		r = tell_unread(k, &k->unread[i], err);
	if (k->json)
		strbuf_adds(&k->out, "]}\n");
	return r;
}

int cmd_check(const struct command *c, int argc, char **argv)
{
	static const struct setup_options ids = { .config = OPT_check_config, .plugin = OPT_check_plugin };
	auto_options struct options o = { 0 };
	auto_setup struct setup setup = { 0 };
	auto_rules_input struct rules_input in = { 0 };
	struct check k = { 0 };
	struct error err = { 0 };
	int i, status = EXIT_OK;

	if (options_parse(c, argc, argv, &o, &err) < 0)
		return log_failure(&err, EXIT_USAGE);
	if (options_has(&o, OPT_check_help))
		return help_command(c);
	if (!o.noperands) {
		log_error("check takes one or more rule files");
		return EXIT_USAGE;
	}
	if (setup_load(&setup, &o, &ids, &err) < 0)
		return log_failure(&err, EXIT_FAILED);
	k.unread = calloc((size_t)o.noperands, sizeof(*k.unread));
	for (i = 0; k.unread && i < o.noperands; i++) {
		struct unread *u = &k.unread[k.nunread];

		*u = (struct unread){ .path = o.operands[i] };
		if (rules_input_add(&in, u->path, 0, &u->err) == 0)
			continue;
		status = log_failure(&u->err, EXIT_FAILED);
		k.nunread++;
	}
	if (!k.unread) {
		error_set(&err, -ENOMEM, "out of memory");
		return log_failure(&err, EXIT_FAILED);
	}
	if (status == EXIT_OK && rules_input_require(&in, "", &err) < 0)
		status = log_failure(&err, EXIT_FAILED);

	k.json = options_has(&o, OPT_check_json);
	k.verbose = options_has(&o, OPT_check_verbose);
	if (check_all(&k, &setup.engine, &in, &err) < 0)
		status = log_failure(&err, EXIT_FAILED);
	else if (listing_print(&k.out) != EXIT_OK || k.bad)
		status = EXIT_FAILED;
	rule_loader_free(k.loader);
	strbuf_free(&k.out);
	free(k.unread);
	return status;
}
