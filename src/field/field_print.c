/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/json.h"
#include "field/extract.h"

static void print_list(struct strbuf *out, const struct field_ref *f, const struct values *values,
		       const char *separator)
{
	for (uint32_t i = 0; i < values->count; i++) {
		if (i > 0)
			strbuf_adds(out, separator);
		value_print(out, &values->list[i], f->type, f->format);
	}
}

/* The parts that outputs get of a text (proc.tree). */
static bool is_chain(const struct field_ref *f)
{
	return f->output && f->info && f->info->flags & FIELD_CHAIN;
}

/*
 * Falco prints no integer whose row has no print format (evt.type.is), but the widest signed ones: it has a value for
 * conditions only. So has a raw socket address.
 */
static bool unprintable(const struct field_ref *f)
{
	enum value_kind kind = value_kind(f->type);

	if (f->type == PT_SOCKADDR)
		return true;
	if (f->format != PF_NA || f->several == FIELD_ENDS || (kind != VALUE_UINT && kind != VALUE_INT))
		return false;
	return f->type != PT_INT64 && f->type != PT_PID && f->type != PT_FD && f->type != PT_ERRNO;
}

void field_print(struct strbuf *out, const struct field_ref *f, enum presence presence, const struct values *values)
{
	if (presence != PRESENT || unprintable(f)) {
		strbuf_adds(out, "<NA>");
	} else if (f->list) {
		strbuf_addc(out, '(');
		print_list(out, f, values, ",");
		strbuf_addc(out, ')');
	} else if (values->count == 0) {
		strbuf_adds(out, "<NA>");
	} else {
		print_list(out, f, values,
			   is_chain(f)              ? (f->info->variant ? " < " : " > ") :
			   f->several == FIELD_ENDS ? "," :
						      " ");
	}
}

static bool json_is_number(const struct field_ref *f)
{
	switch (f->format) {
	case PF_DEC:
	case PF_ID:
		return true;
	case PF_10_PADDED_DEC:
		return f->info && (f->info->flags & FIELD_JSON_NUMBER);
	case PF_HEX:
	case PF_OCT:
		return false;
	default:
		return f->type != PT_INT64 && f->type != PT_PID && f->type != PT_FD;
	}
}

static void json_text(struct strbuf *out, const struct field_ref *f, const struct value *v)
{
	struct strbuf text = { 0 };

	value_print(&text, v, f->type, f->format);
	json_add_string(out, strbuf_str(&text));
	out->failed |= text.failed;
	strbuf_free(&text);
}

/* A whole number keeps its point, so that readers that tell integers from others see one type at every event. */
static void json_double(struct strbuf *out, double d)
{
	if (isfinite(d))
		strbuf_addf(out, fabs(d) < 1e15 && d == (double)(int64_t)d ? "%.1f" : "%.17g", d);
	else
		strbuf_adds(out, "null");
}

static void json_value(struct strbuf *out, const struct field_ref *f, const struct value *v)
{
	switch (value_kind(f->type)) {
	case VALUE_UINT:
	case VALUE_INT:
		if (json_is_number(f))
			value_print(out, v, f->type, PF_DEC);
		else
			json_text(out, f, v);
		break;
	case VALUE_BOOL:
		value_print(out, v, f->type, f->format);
		break;
	case VALUE_DOUBLE:
		json_double(out, v->d);
		break;
	case VALUE_TEXT:
		json_add_string(out, v->s);
		break;
	default:
		json_text(out, f, v);
	}
}

void field_print_json(struct strbuf *out, const struct field_ref *f, enum presence presence,
		      const struct values *values)
{
	if (presence != PRESENT || unprintable(f) || values->count == 0) {
		strbuf_adds(out, "null");
		return;
	}
	if (!f->list && (f->several == FIELD_ONE || (f->several == FIELD_ANY && values->count == 1)) && !is_chain(f)) {
		json_value(out, f, &values->list[0]);
		return;
	}
	if (!f->list && f->several == FIELD_ANY) {
		/* ancestors: one text with blanks between */
		struct strbuf text = { 0 };

		print_list(&text, f, values, " ");
		json_add_string(out, strbuf_str(&text));
		out->failed |= text.failed;
		strbuf_free(&text);
		return;
	}
	strbuf_addc(out, '[');
	for (uint32_t i = 0; i < values->count; i++) {
		if (i > 0)
			strbuf_addc(out, ',');
		json_value(out, f, &values->list[i]);
	}
	strbuf_addc(out, ']');
}
