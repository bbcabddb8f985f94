/* SPDX-License-Identifier: Apache-2.0 */
/* -V: what is wrong with rules files. */
#include "app/falco.h"
#include "app/listing.h"
#include "app/log.h"
#include "app/rules_input.h"

struct validation {
	struct rule_loader *loader;
	struct strbuf text, json;
	bool bad;
};

static bool has_warnings(const struct load_result *result)
{
	size_t i;

	for (i = 0; i < result->nfindings; i++)
		if (!result->findings[i].is_error)
			return true;
	return false;
}

/*
 * Good files with warnings are only named; the warnings are for the log. Files are a line end apart, so that
 * a bad one, whose findings end with one, is followed by an empty line.
 */
static void add_text(struct strbuf *out, const struct load_result *result)
{
	auto_strbuf struct strbuf text = { 0 };

	if (out->len)
		strbuf_addc(out, '\n');
	if (!result->successful || !has_warnings(result)) {
		load_result_print(out, result, true, false);
	} else {
		strbuf_addf(out, STR_FMT ": Ok, with warnings", STR_ARG(result->name));
		load_result_print(&text, result, true, false);
		log_text(LOG_LEVEL_WARNING, strbuf_str(&text));
	}
}

static int validate(struct validation *v, const struct rules_input *in, const struct engine_options *engine,
		    struct error *err)
{
	const struct load_result *result;
	size_t i;
	int r;

	r = rule_loader_new(engine, &v->loader, err);
	if (r < 0)
		return r;
	for (i = 0; i < in->count; i++) {
		const struct rules_file *f = &in->list[i];

		r = rule_loader_add(v->loader, str_of(f->path), (struct str){ f->text, f->len }, &result, err);
		if (r == 0)
			r = rule_loader_check_plugins(v->loader, err); /* ends it at once, without results */
		if (r < 0)
			return r;
		v->bad |= !result->successful;
		strbuf_adds(&v->json, i ? "," : "");
		load_result_print_json(&v->json, result, false);
		add_text(&v->text, result);
	}
	return 0;
}

/* With -L or -l, good rules are described, too: behind the results, or within the one JSON object. */
static int print(struct validation *v, bool json, const struct options *o, struct error *err)
{
	auto_strbuf struct strbuf out = { 0 }, described = { 0 };
	bool describe = !v->bad && (options_has(o, OPT_falco_describe_all) || options_has(o, OPT_falco_describe));
	int r = describe ? falco_describe_loaded(&described, v->loader, options_value(o, OPT_falco_describe, NULL),
						 json, err) :
			   0;

	if (r < 0)
		return log_failure(err, EXIT_FAILED);
	if (json) {
		strbuf_addc(&out, '{');
		if (describe)
			strbuf_addf(&out, "\"falco_describe_results\":" STR_FMT ",", STR_ARG(strbuf_str(&described)));
		strbuf_addf(&out, "\"falco_load_results\":[" STR_FMT "]}\n", STR_ARG(strbuf_str(&v->json)));
	} else {
		strbuf_addf(&out, STR_FMT "\n%s" STR_FMT, STR_ARG(strbuf_str(&v->text)), describe ? "\n" : "",
			    STR_ARG(strbuf_str(&described)));
	}
	out.failed |= described.failed || v->json.failed || v->text.failed;
	return listing_print(&out);
}

/* Falco's last word on bad files is the text again, even when it printed JSON. */
static int tell_bad(const struct validation *v)
{
	auto_strbuf struct strbuf last = { 0 };

	strbuf_addf(&last, "Error: " STR_FMT "\n", STR_ARG(strbuf_str(&v->text)));
	log_text(LOG_LEVEL_ERROR, strbuf_str(&last));
	return EXIT_FAILED;
}

int falco_validate(const struct config *config, const struct options *o, const struct engine_options *engine)
{
	auto_rules_input struct rules_input in = { 0 };
	struct validation v = { 0 };
	struct error err = { 0 };
	int r = 0, status;
	const char *path;
	size_t i;

	for (i = 0; r == 0 && (path = options_nth(o, OPT_falco_validate, i)); i++)
		r = rules_input_add(&in, path, 0, &err);
	if (r == 0)
		r = rules_input_require(&in, "-V takes files, and folders of them", &err);
	if (r == 0) {
		log_info("Validating rules file(s):");
		for (i = 0; i < in.count; i++)
			log_info("   %s", in.list[i].path);
		r = validate(&v, &in, engine, &err);
	}
	status = r < 0 ? log_failure(&err, EXIT_FAILED) : print(&v, config->json_output, o, &err);
	if (status == EXIT_OK && v.bad)
		status = tell_bad(&v);
	rule_loader_free(v.loader);
	strbuf_free(&v.text);
	strbuf_free(&v.json);
	return status;
}
