/* SPDX-License-Identifier: Apache-2.0 */
#include "app/falco.h"
#include "app/listing.h"
#include "app/log.h"
#include "app/rules_input.h"

struct validation {
	struct rule_loader *loader;
	struct strbuf out;
	bool json, bad;
};

/* Good files with warnings are only named on standard output; the warnings are for the log. */
static void add_text(struct strbuf *out, const struct load_result *result)
{
	auto_strbuf struct strbuf text = { 0 };

	if (!result->successful || !result->nfindings) {
		load_result_print(out, result, true, false);
	} else {
		strbuf_addf(out, STR_FMT ": Ok, with warnings", STR_ARG(result->name));
		load_result_print(&text, result, true, false);
		log_warning("%s", text.ptr ? text.ptr : "");
	}
	if (out->len && out->ptr[out->len - 1] != '\n')
		strbuf_addc(out, '\n');
}

static int validate(struct validation *v, const struct rules_input *in, const struct engine_options *engine, struct error *err)
{
	const struct load_result *result;
	size_t i;
	int r;

	r = rule_loader_new(engine, &v->loader, err);
	if (r < 0)
		return r;
	if (v->json)
		strbuf_adds(&v->out, "{\"falco_load_results\":[");
	for (i = 0; i < in->count; i++) {
		const struct rules_file *f = &in->list[i];

		r = rule_loader_add(v->loader, str_of(f->path), (struct str){ f->text, f->len }, &result, err);
		if (r == 0)
			r = rule_loader_check_plugins(v->loader, err); /* ends it at once, without results */
		if (r < 0)
			return r;
		v->bad |= !result->successful;
		if (v->json) {
			strbuf_adds(&v->out, i ? "," : "");
			load_result_print_json(&v->out, result);
		} else {
			add_text(&v->out, result);
		}
	}
	if (v->json)
		strbuf_adds(&v->out, "]}\n");
	return 0;
}

int falco_validate(const struct config *config, const struct options *o, const struct engine_options *engine)
{
	auto_rules_input struct rules_input in = { 0 };
	struct validation v = { .json = config->json_output };
	struct error err = { 0 };
	int r = 0, status;
	const char *path;
	size_t i;

	for (i = 0; r == 0 && (path = options_nth(o, OPT_falco_validate, i)); i++) {
		log_info("Validating rules file: %s", path);
		r = rules_input_add(&in, path, 0, &err);
	}
	if (r == 0)
		r = validate(&v, &in, engine, &err);
	if (r < 0)
		status = log_failure(&err, EXIT_FAILED);
	else
		status = listing_print(&v.out) != EXIT_OK || v.bad ? EXIT_FAILED : EXIT_OK;
	rule_loader_free(v.loader);
	strbuf_free(&v.out);
	return status;
}
