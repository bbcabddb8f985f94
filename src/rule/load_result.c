/* SPDX-License-Identifier: Apache-2.0 */
#include "rule/load_result.h"

#include "base/json.h"

static const struct {
	const char *name, *label, *sentence;
} codes[LOAD_CODE_COUNT] = {
#define LOAD_CODE(id, is_error, label, sentence) [id] = { #id, label, sentence },
#include "rule/load_codes.def"
#undef LOAD_CODE
};

const char *load_code_name(enum load_code code)
{
	return codes[code].name;
}

static const char *sentence_of(enum load_code code)
{
	return codes[code].sentence;
}

static size_t count_of(const struct load_result *r, bool errors)
{
	size_t n = 0;

	for (size_t i = 0; i < r->nfindings; i++)
		n += r->findings[i].is_error == errors;
	return n;
}

/* ---- text ---------------------------------------------------------------------------------------------- */

static void print_code(struct strbuf *out, const struct load_finding *f)
{
	strbuf_addf(out, "%s (%s", load_code_name(f->code), codes[f->code].label);
	if (f->field.len)
		strbuf_addf(out, ": field '" STR_FMT "'", STR_ARG(f->field));
	strbuf_addc(out, ')');
}

static void print_summary(struct strbuf *out, const struct load_result *r, bool errors)
{
	const char *between = "";

	if (!count_of(r, errors))
		return;
	strbuf_addf(out, "\n %zu %s: [", count_of(r, errors), errors ? "errors" : "warnings");
	for (size_t i = 0; i < r->nfindings; i++) {
		if (r->findings[i].is_error != errors)
			continue;
		strbuf_adds(out, between);
		print_code(out, &r->findings[i]);
		between = " ";
	}
	strbuf_addc(out, ']');
}

static void print_block(struct strbuf *out, const struct load_finding *f)
{
	for (size_t i = 0; i < f->nlocations; i++) {
		const struct load_location *l = &f->locations[i];

		strbuf_addf(out, "%s" STR_FMT, i ? "    " : "In ", STR_ARG(l->item_type));
		if (l->item_name.len)
			strbuf_addf(out, " '" STR_FMT "'", STR_ARG(l->item_name));
		strbuf_addf(out, ": (" STR_FMT ":%u:%u)\n", STR_ARG(l->file), l->line, l->column);
	}
	strbuf_addf(out, "------\n" STR_FMT "------\n", STR_ARG(f->snippet));
	print_code(out, f);
	strbuf_addf(out, ": " STR_FMT "\n", STR_ARG(f->message));
}

static void print_blocks(struct strbuf *out, const struct load_result *r, bool errors)
{
	if (!count_of(r, errors))
		return;
	strbuf_addf(out, "\n%zu %s:\n", count_of(r, errors), errors ? "Errors" : "Warnings");
	for (size_t i = 0; i < r->nfindings; i++)
		if (r->findings[i].is_error == errors)
			print_block(out, &r->findings[i]);
}

/* The innermost named item, for "rule 'x'": what a person looks for. */
static void print_item(struct strbuf *out, const struct load_finding *f)
{
	for (size_t i = f->nlocations; i-- > 0;) {
		const struct load_location *l = &f->locations[i];

		if (l->item_name.len) {
			strbuf_addf(out, STR_FMT " '" STR_FMT "': ", STR_ARG(l->item_type), STR_ARG(l->item_name));
			return;
		}
	}
}

static void print_indented(struct strbuf *out, struct str lines)
{
	for (size_t i = 0; i < lines.len; i++) {
		strbuf_adds(out, i == 0 || lines.ptr[i - 1] == '\n' ? "    " : "");
		strbuf_addc(out, lines.ptr[i]);
	}
}

/* Our form, as compilers print it: FILE:LINE:COLUMN: error: what; the line; the hint. */
static void print_ours(struct strbuf *out, const struct load_finding *f, bool explain)
{
	if (f->nlocations) {
		const struct load_location *l = &f->locations[f->nlocations - 1];

		strbuf_addf(out, STR_FMT ":%u:%u: ", STR_ARG(l->file), l->line + 1, l->column + 1);
	}
	strbuf_adds(out, f->is_error ? "error: " : "warning: ");
	print_item(out, f);
	strbuf_addstr(out, f->message.len ? f->message : str_of(sentence_of(f->code)));
	strbuf_addf(out, " [%s]\n", load_code_name(f->code));
	print_indented(out, f->snippet);
	if (f->hint.len)
		strbuf_addf(out, "    " STR_FMT "\n", STR_ARG(f->hint));
	if (explain)
		strbuf_addf(out, "    %s: %s\n", load_code_name(f->code), sentence_of(f->code));
}

static void print_schema(struct strbuf *out, const struct load_result *r, bool verbose)
{
	if (!r->nschema_warnings)
		return;
	strbuf_addf(out, verbose ? "\n%zu Schema warnings:\n" : "\n %zu schema warnings: [", r->nschema_warnings);
	for (size_t i = 0; i < r->nschema_warnings; i++) {
		strbuf_adds(out, verbose ? "------\n" : i ? " " : "");
		strbuf_addstr(out, r->schema_warnings[i]);
		strbuf_adds(out, verbose ? "\n" : "");
	}
	strbuf_adds(out, verbose ? "------\n" : "]");
}

static void print_omitted(struct strbuf *out, const struct load_result *r)
{
	if (r->omitted)
		strbuf_addf(out, STR_FMT ": %zu more finding%s not shown\n", STR_ARG(r->name), r->omitted,
			    r->omitted == 1 ? " is" : "s are");
}

static void print_result(struct strbuf *out, const struct load_result *r, bool verbose, bool ours)
{
	if (ours) {
		for (size_t i = 0; i < r->nfindings; i++)
			print_ours(out, &r->findings[i], verbose);
		print_omitted(out, r);
		return;
	}
	if (r->name.len)
		strbuf_addf(out, STR_FMT ": ", STR_ARG(r->name));
	strbuf_adds(out, r->successful ? "Ok" : "Invalid");
	if (r->successful && count_of(r, false))
		strbuf_adds(out, ", with warnings");
	print_schema(out, r, verbose);
	if (verbose) {
		print_blocks(out, r, true);
		print_blocks(out, r, false);
	} else {
		print_summary(out, r, true);
		print_summary(out, r, false);
	}
	print_omitted(out, r);
}

/* What a rule file holds may be anything, and a person's terminal would act on control characters. */
void load_result_print(struct strbuf *out, const struct load_result *r, bool verbose, bool ours)
{
	struct strbuf text auto_strbuf = { 0 };

	print_result(&text, r, verbose, ours);
	utf8_add_harmless(out, strbuf_str(&text));
	out->failed |= text.failed;
}

/* ---- JSON ---------------------------------------------------------------------------------------------- */

static void json_location(struct strbuf *out, const struct load_location *l)
{
	strbuf_adds(out, "{\"item_name\":");
	json_add_string(out, l->item_name);
	strbuf_adds(out, ",\"item_type\":");
	json_add_string(out, l->item_type);
	strbuf_addf(out, ",\"position\":{\"column\":%u,\"line\":%u,\"name\":", l->column, l->line);
	json_add_string(out, l->file);
	strbuf_addf(out, ",\"offset\":%u}}", l->offset);
}

static void json_finding(struct strbuf *out, const struct load_finding *f, bool ours)
{
	strbuf_addf(out, "{\"code\":\"%s\",\"codedesc\":", load_code_name(f->code));
	json_add_string(out, str_of(f->is_error ? codes[f->code].label : codes[f->code].sentence)); /* as in Falco */
	strbuf_adds(out, ",\"context\":{\"locations\":[");
	for (size_t i = 0; i < f->nlocations; i++) {
		strbuf_adds(out, i ? "," : "");
		json_location(out, &f->locations[i]);
	}
	strbuf_adds(out, "],\"snippet\":");
	json_add_string(out, f->snippet);
	strbuf_addc(out, '}');
	if (f->field.len) {
		strbuf_adds(out, ",\"deprecated_field\":");
		json_add_string(out, f->field);
	}
	strbuf_adds(out, ",\"message\":");
	json_add_string(out, f->message);
	if (ours && f->hint.len) {
		strbuf_adds(out, ",\"hint\":");
		json_add_string(out, f->hint);
	}
	strbuf_addc(out, '}');
}

static void json_findings(struct strbuf *out, const struct load_result *r, bool errors, bool ours)
{
	const char *between = "";

	strbuf_addf(out, "\"%s\":[", errors ? "errors" : "warnings");
	for (size_t i = 0; i < r->nfindings; i++) {
		if (r->findings[i].is_error != errors)
			continue;
		strbuf_adds(out, between);
		json_finding(out, &r->findings[i], ours);
		between = ",";
	}
	strbuf_addc(out, ']');
}

void load_result_print_json(struct strbuf *out, const struct load_result *r, bool ours)
{
	strbuf_addc(out, '{');
	json_findings(out, r, true, ours);
	strbuf_adds(out, ",\"name\":");
	json_add_string(out, r->name);
	if (r->parsed) {
		strbuf_addf(out, ",\"schema_valid\":%s,\"schema_warnings\":[", r->nschema_warnings ? "false" : "true");
		for (size_t i = 0; i < r->nschema_warnings; i++) {
			strbuf_adds(out, i ? "," : "");
			json_add_string(out, r->schema_warnings[i]);
		}
		strbuf_addc(out, ']');
	}
	strbuf_addf(out, ",\"successful\":%s,", r->successful ? "true" : "false");
	json_findings(out, r, false, ours);
	if (r->omitted)
		strbuf_addf(out, ",\"omitted\":%zu", r->omitted);
	strbuf_addc(out, '}');
}
