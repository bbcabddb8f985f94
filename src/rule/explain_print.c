/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "base/json.h"
#include "rule/explain.h"
#include "rule/ruleset.h"

static const char *const words[] = { [TRUTH_NO] = "false", [TRUTH_MAYBE] = "unknown", [TRUTH_YES] = "true" };
static const char *const outcomes[] = { [TRUTH_NO] = "no", [TRUTH_MAYBE] = "maybe", [TRUTH_YES] = "yes" };
static const char *const colors[] = { [TRUTH_NO] = "\033[31m", [TRUTH_MAYBE] = "\033[33m", [TRUTH_YES] = "\033[32m" };
static const char *const kinds[] = { [AST_AND] = "and", [AST_OR] = "or", [AST_NOT] = "not", [AST_CHECK] = "check" };

/* Values of an event are hostile text: what could steer a terminal is not printed. */
static void add_plain(struct strbuf *out, struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		strbuf_addc(out, (unsigned char)s.ptr[i] < ' ' || s.ptr[i] == 0x7f ? '?' : s.ptr[i]);
}

static void add_word(struct strbuf *out, const char *word, enum truth truth, bool color)
{
	strbuf_addf(out, "%s%-7s%s", color ? colors[truth] : "", word, color ? "\033[0m" : "");
}

/* ---- as text ---------------------------------------------------------------------------------------------------------- */

static void add_values(struct strbuf *out, const struct explained *x)
{
	for (unsigned int i = 0; i < x->nvalues; i++) {
		const struct explained_value *v = &x->values[i];

		strbuf_adds(out, i ? ", " : "    [");
		add_plain(out, v->name);
		strbuf_adds(out, v->presence == PRESENT ? " = " : v->presence == UNKNOWN ? " is not known yet" : " is absent");
		add_plain(out, v->text);
	}
	strbuf_adds(out, x->nvalues ? "]" : "");
}

static void add_part(struct strbuf *out, const struct explained *x, unsigned int level, bool color)
{
	strbuf_adds(out, "  ");
	add_word(out, words[x->truth], x->truth, color);
	strbuf_addf(out, " %*s", (int)(2 * level), "");
	if (x->ast->macro.len)
		strbuf_addf(out, "macro " STR_FMT ": ", STR_ARG(x->ast->macro));
	if (x->ast->kind == AST_CHECK)
		add_plain(out, x->check);
	else
		strbuf_adds(out, kinds[x->ast->kind]);
	add_values(out, x);
	strbuf_addc(out, '\n');
	for (size_t i = 0; i < x->nchildren; i++)
		add_part(out, &x->children[i], level + 1, color);
}

void explain_print(struct strbuf *out, const struct explanation *x, const struct field_context *ctx, bool color)
{
	const struct event *ev = ctx->ev;

	if (ev->provisional)
		strbuf_addf(out, "call %s of thread %" PRId64 ", at its entry", ev->info->name, ev->tid);
	else
		strbuf_addf(out, "event %" PRIu64 ", %s of thread %" PRId64, ev->number, ev->info->name, ev->tid);
	if (ctx->real_path.len) {
		strbuf_adds(out, ", with the real path ");
		add_plain(out, ctx->real_path);
	}
	strbuf_addf(out, ": \"" STR_FMT "\" ", STR_ARG(x->rules->rules[x->rule].name));
	add_word(out, x->truth == TRUTH_YES ? "matches" : x->truth == TRUTH_NO ? "does not match" : "may match", x->truth, color);
	strbuf_addc(out, '\n');
	if (x->shadowed)
		strbuf_addf(out, "  but \"" STR_FMT "\", which is tried before it, %s: the first rule that matches is the only one\n",
			    STR_ARG(x->rules->rules[x->shadow].name), x->shadow_truth == TRUTH_YES ? "matches, too" : "may match, too");
	add_part(out, &x->root, 0, color);
}

/* ---- as JSON ---------------------------------------------------------------------------------------------------------- */

static void json_values(struct strbuf *out, const struct explained *x)
{
	strbuf_adds(out, ",\"fields\":[");
	for (unsigned int i = 0; i < x->nvalues; i++) {
		const struct explained_value *v = &x->values[i];

		strbuf_adds(out, i ? ",{\"field\":" : "{\"field\":");
		json_add_string(out, v->name);
		strbuf_adds(out, ",\"value\":");
		if (v->presence == PRESENT)
			json_add_string(out, v->text);
		else
			strbuf_adds(out, "null");
		strbuf_addf(out, ",\"presence\":\"%s\"}",
			    v->presence == PRESENT ? "present" : v->presence == UNKNOWN ? "unknown" : "absent");
	}
	strbuf_addc(out, ']');
}

static void json_part(struct strbuf *out, const struct explained *x)
{
	strbuf_addf(out, "{\"kind\":\"%s\",\"value\":\"%s\"", kinds[x->ast->kind], words[x->truth]);
	if (x->ast->macro.len) {
		strbuf_adds(out, ",\"macro\":");
		json_add_string(out, x->ast->macro);
	}
	if (x->ast->kind == AST_CHECK) {
		strbuf_adds(out, ",\"check\":");
		json_add_string(out, x->check);
		json_values(out, x);
	}
	for (size_t i = 0; i < x->nchildren; i++) {
		strbuf_adds(out, i ? "," : ",\"parts\":[");
		json_part(out, &x->children[i]);
	}
	strbuf_adds(out, x->nchildren ? "]}" : "}");
}

void explain_print_json(struct strbuf *out, const struct explanation *x, const struct field_context *ctx)
{
	const struct event *ev = ctx->ev;

	strbuf_adds(out, "{\"rule\":");
	json_add_string(out, x->rules->rules[x->rule].name);
	strbuf_addf(out, ",\"event\":%" PRIu64 ",\"type\":\"%s\",\"thread\":%" PRId64 ",\"provisional\":%s", ev->number, ev->info->name,
		    ev->tid, ev->provisional ? "true" : "false");
	if (ctx->real_path.len) {
		strbuf_adds(out, ",\"real_path\":");
		json_add_string(out, ctx->real_path);
	}
	strbuf_addf(out, ",\"outcome\":\"%s\"", outcomes[x->truth]);
	if (x->shadowed) {
		strbuf_adds(out, ",\"shadowed_by\":");
		json_add_string(out, x->rules->rules[x->shadow].name);
		strbuf_addf(out, ",\"shadow_outcome\":\"%s\"", outcomes[x->shadow_truth]);
	}
	strbuf_adds(out, ",\"condition\":");
	json_part(out, &x->root);
	strbuf_addc(out, '}');
}
