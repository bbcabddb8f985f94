/* SPDX-License-Identifier: Apache-2.0 */
#include "field/transform.h"

#include <errno.h>
#include <inttypes.h>

#include "base/base64.h"
#include "base/cleanup.h"
#include "field/field.h"
#include "field/transform_impl.h"

#define TRANSFORM_MANY 1000 /* no limit of its own: a condition's nesting and length limits come first */

struct transform {
	struct str name;
	size_t least, most;
	int (*check)(const struct transform *t, const struct transform_type *args, size_t nargs,
		     struct transform_type *ret_type, struct error *err);
	enum presence (*apply)(const struct transform_call *call, struct values *ret);
	struct str help;
};

/* What a transformer of several arguments sees of one. */
static struct transform_type origin_of(const struct transform_type *arg)
{
	return arg->origin == PT_NONE ? *arg : (struct transform_type){ .type = arg->origin, .list = arg->origin_list };
}

/* ---- types ---- */

static int wrong_type(const struct transform *t, struct error *err)
{
	return error_set(err, -EINVAL, "transformer '" STR_FMT "' does not take a value of this type",
			 STR_ARG(t->name));
}

static int check_text(const struct transform *t, const struct transform_type *args, size_t nargs,
		      struct transform_type *ret_type, struct error *err)
{
	(void)nargs;
	if (!param_type_is_text(args[0].type))
		return wrong_type(t, err);
	*ret_type = args[0];
	return 0;
}

static int check_bytes(const struct transform *t, const struct transform_type *args, size_t nargs,
		       struct transform_type *ret_type, struct error *err)
{
	(void)nargs;
	if (args[0].type != PT_CHARBUF && args[0].type != PT_BYTEBUF)
		return wrong_type(t, err);
	*ret_type = args[0];
	return 0;
}

static int check_len(const struct transform *t, const struct transform_type *args, size_t nargs,
		     struct transform_type *ret_type, struct error *err)
{
	(void)nargs;
	if (!args[0].list && !param_type_is_text(args[0].type) && args[0].type != PT_BYTEBUF)
		return wrong_type(t, err);
	*ret_type = (struct transform_type){ .type = PT_UINT64 };
	return 0;
}

static int check_join(const struct transform *t, const struct transform_type *args, size_t nargs,
		      struct transform_type *ret_type, struct error *err)
{
	(void)nargs;
	if (origin_of(&args[0]).list)
		return error_set(err, -EINVAL, STR_FMT "() takes a separator first, no list", STR_ARG(t->name));
	if (!origin_of(&args[1]).list)
		return error_set(err, -EINVAL, STR_FMT "() takes a list second", STR_ARG(t->name));
	*ret_type = (struct transform_type){ .type = PT_CHARBUF };
	return 0;
}

static int check_concat(const struct transform *t, const struct transform_type *args, size_t nargs,
			struct transform_type *ret_type, struct error *err)
{
	for (size_t i = 0; i < nargs; i++) {
		struct transform_type arg = origin_of(&args[i]);

		if (arg.type != PT_CHARBUF || arg.list)
			return error_set(err, -EINVAL, STR_FMT "() takes texts only; argument %zu is none",
					 STR_ARG(t->name), i + 1);
	}
	*ret_type = (struct transform_type){ .type = PT_CHARBUF };
	return 0;
}

static int check_getopt(const struct transform *t, const struct transform_type *args, size_t nargs,
			struct transform_type *ret_type, struct error *err)
{
	struct transform_type list = origin_of(&args[0]), letters = origin_of(&args[1]);

	(void)nargs;
	if (!list.list || list.type != PT_CHARBUF)
		return error_set(err, -EINVAL, STR_FMT "() takes a list of texts first", STR_ARG(t->name));
	if (letters.list || letters.type != PT_CHARBUF)
		return error_set(err, -EINVAL, STR_FMT "() takes the option letters second, one text",
				 STR_ARG(t->name));
	*ret_type = (struct transform_type){ .type = PT_CHARBUF, .list = true, .origin = PT_CHARBUF };
	return 0;
}

/* ---- values ---- */

static enum presence one_text(const struct transform_call *call, struct str s, struct values *ret)
{
	struct value *v = s.ptr ? arena_new_of(call->arena, struct value) : NULL;

	if (!v)
		return ABSENT;
	v->s = s;
	*ret = (struct values){ v, 1 };
	return PRESENT;
}

/* New text for each value of the first argument; NULL text (not base64, memory short) makes all absent. */
static enum presence each_text(const struct transform_call *call,
			       struct str (*change)(struct arena *arena, struct str s), struct values *ret)
{
	const struct values *in = &call->args[0].values;
	struct value *out = arena_array_of(call->arena, struct value, in->count);

	if (!out)
		return ABSENT;
	for (uint32_t i = 0; i < in->count; i++) {
		struct str s = in->list[i].s;

		while (s.len > 0 && s.ptr[s.len - 1] == 0)
			s.len--;
		out[i].s = change(call->arena, s);
		if (!out[i].s.ptr)
			return ABSENT;
	}
	*ret = (struct values){ out, in->count };
	return PRESENT;
}

static struct str change_case(struct arena *arena, struct str s, char first, char last, int shift)
{
	char *out = arena_bytes(arena, s.len + 1);

	if (!out)
		return (struct str){ 0 };
	for (size_t i = 0; i < s.len; i++)
		out[i] = (char)(s.ptr[i] >= first && s.ptr[i] <= last ? s.ptr[i] + shift : s.ptr[i]);
	return (struct str){ out, s.len };
}

static struct str to_lower(struct arena *arena, struct str s)
{
	return change_case(arena, s, 'A', 'Z', 'a' - 'A');
}

static struct str to_upper(struct arena *arena, struct str s)
{
	return change_case(arena, s, 'a', 'z', 'A' - 'a');
}

static struct str base_name(struct arena *arena, struct str s)
{
	const char *slash = str_last(s, '/');

	(void)arena;
	if (!slash)
		return s.ptr ? s : STR("");
	return (struct str){ slash + 1, s.len - (size_t)(slash + 1 - s.ptr) };
}

static struct str from_base64(struct arena *arena, struct str s)
{
	size_t cap = BASE64_DECODED_MAX(s.len), len;
	char *out = arena_bytes(arena, cap + 1);

	if (!out || base64_decode(out, cap, s, &len) < 0)
		return (struct str){ 0 };
	return (struct str){ out, len };
}

static enum presence apply_tolower(const struct transform_call *call, struct values *ret)
{
	return each_text(call, to_lower, ret);
}

static enum presence apply_toupper(const struct transform_call *call, struct values *ret)
{
	return each_text(call, to_upper, ret);
}

static enum presence apply_b64(const struct transform_call *call, struct values *ret)
{
	return each_text(call, from_base64, ret);
}

static enum presence apply_basename(const struct transform_call *call, struct values *ret)
{
	return each_text(call, base_name, ret);
}

static enum presence apply_len(const struct transform_call *call, struct values *ret)
{
	const struct transform_arg *a = &call->args[0];
	struct value *v = arena_new_of(call->arena, struct value);

	if (!v)
		return ABSENT;
	v->u = a->type.list ? a->values.count : a->values.list[0].s.len;
	*ret = (struct values){ v, 1 };
	return PRESENT;
}

static size_t length_to_zero(struct str s)
{
	return s.len ? strnlen(s.ptr, s.len) : 0;
}

/* The texts of a row of values, each up to a zero, with a separator between them. */
static struct str texts_in_a_row(struct arena *arena, const struct values *values, struct str separator)
{
	size_t len = 0;
	char *out, *at;

	for (uint32_t i = 0; i < values->count; i++)
		len += length_to_zero(values->list[i].s) + (i > 0 ? separator.len : 0);
	out = at = arena_bytes(arena, len + 1);
	if (!out)
		return (struct str){ 0 };
	for (uint32_t i = 0; i < values->count; i++) {
		if (i > 0 && separator.len)
			at = mempcpy(at, separator.ptr, separator.len);
		if (values->list[i].s.len)
			at = mempcpy(at, values->list[i].s.ptr, length_to_zero(values->list[i].s));
	}
	return (struct str){ out, len };
}

static enum presence apply_join(const struct transform_call *call, struct values *ret)
{
	return one_text(call, texts_in_a_row(call->arena, &call->args[1].values, call->args[0].values.list[0].s), ret);
}

static enum presence apply_concat(const struct transform_call *call, struct values *ret)
{
	struct value *row = arena_array_of(call->arena, struct value, call->nargs);

	if (!row)
		return ABSENT;
	for (size_t i = 0; i < call->nargs; i++)
		row[i] = call->args[i].values.count ? call->args[i].values.list[0] : (struct value){ .s = STR("") };
	return one_text(call, texts_in_a_row(call->arena, &(struct values){ row, (uint32_t)call->nargs }, STR("")),
			ret);
}

static enum presence apply_getopt(const struct transform_call *call, struct values *ret)
{
	return transform_getopt(call, ret);
}

/* ---- the table ---- */

static const struct transform transforms[] = {
#define TRANSFORM(name, least, most, check, apply, help)                                                              \
	{ { name, sizeof(name) - 1 }, least, most, check, apply, { help, sizeof(help) - 1 } },
#include "field/transforms.def"
#undef TRANSFORM
};

const struct transform *transform_by_index(size_t i)
{
	return i < ARRAY_SIZE(transforms) ? &transforms[i] : NULL;
}

const struct transform *transform_lookup(struct str name)
{
	for (size_t i = 0; i < ARRAY_SIZE(transforms); i++) {
		if (str_eq(transforms[i].name, name))
			return &transforms[i];
	}
	return NULL;
}

struct str transform_name(const struct transform *t)
{
	return t->name;
}

struct str transform_help(const struct transform *t)
{
	return t->help;
}

bool transform_is_multi(const struct transform *t)
{
	return t->most > 1;
}

int transform_check(const struct transform *t, const struct transform_type *args, size_t nargs, bool has_selector,
		    struct str selector, struct transform_type *ret_type, struct error *err)
{
	struct transform_type type = { 0 }, origin;
	int r;

	if (nargs < t->least || nargs > t->most)
		return error_set(err, -EINVAL, "transformer '" STR_FMT "' takes %s%zu argument%s, not %zu",
				 STR_ARG(t->name), t->most > t->least ? "at least " : "", t->least,
				 t->least == 1 ? "" : "s", nargs);
	r = t->check(t, args, nargs, &type, err);
	if (r < 0)
		return r;
	if (!transform_is_multi(t)) {
		origin = origin_of(&args[0]);
		type.origin = origin.type;
		type.origin_list = origin.list;
	}
	if (has_selector) {
		if (t->apply != apply_getopt)
			return error_set(err, -EINVAL, "transformer '" STR_FMT "' takes nothing in brackets",
					 STR_ARG(t->name));
		if (selector.len != 1)
			return error_set(err, -EINVAL, "what follows " STR_FMT "() in brackets is one option letter",
					 STR_ARG(t->name));
		type.list = false;
	}
	*ret_type = type;
	return 0;
}

/* A value that is no text as it lies in Falco's memory, which its transformers of several arguments take for one. */
static struct str raw_text(struct arena *arena, const struct value *v, enum param_type type)
{
	const void *from = &v->u;
	size_t len = type == PT_PORT ? sizeof(uint16_t) : sizeof(uint64_t);
	uint32_t flag;
	char *copy;

	switch (value_kind(type)) {
	case VALUE_IP:
		from = v->ip.bytes;
		len = v->ip.v6 ? 16 : 4;
		break;
	case VALUE_NET:
		from = v->net.address.bytes;
		len = v->net.address.v6 ? 16 : 4;
		break;
	case VALUE_BOOL:
		flag = v->b;
		from = &flag;
		len = sizeof(flag);
		break;
	default:
		break;
	}
	copy = arena_bytes(arena, len);
	return copy ? (struct str){ memcpy(copy, from, len), len } : (struct str){ 0 };
}

static int make_texts(struct arena *arena, struct transform_arg *arg)
{
	struct value *texts;

	if (value_kind(arg->type.type) == VALUE_TEXT || value_kind(arg->type.type) == VALUE_BYTES)
		return 0;
	texts = arena_array_of(arena, struct value, arg->values.count);
	for (uint32_t i = 0; texts && i < arg->values.count; i++) {
		texts[i].s = raw_text(arena, &arg->values.list[i], arg->type.type);
		if (!texts[i].s.ptr)
			return -ENOMEM;
	}
	arg->values.list = texts;
	return texts ? 0 : -ENOMEM;
}

static enum presence apply_to_texts(const struct transform *t, const struct transform_call *call,
				    struct values *ret_values)
{
	struct transform_call of_texts = *call;
	struct transform_arg *args = arena_array_of(call->arena, struct transform_arg, call->nargs);

	if (!args)
		return ABSENT;
	for (size_t i = 0; i < call->nargs; i++) {
		args[i] = call->args[i];
		if (make_texts(call->arena, &args[i]) < 0)
			return ABSENT;
	}
	of_texts.args = args;
	return t->apply(&of_texts, ret_values);
}

enum presence transform_apply(const struct transform *t, struct arena *arena, const struct transform_arg *args,
			      size_t nargs, struct str selector, struct values *ret_values)
{
	struct transform_call call = { arena, args, nargs, selector };
	bool absent = false;

	for (size_t i = 0; i < nargs; i++) {
		if (args[i].presence == UNKNOWN)
			return UNKNOWN;
		absent |= args[i].presence == ABSENT || (args[i].values.count == 0 && !args[i].type.list);
	}
	if (absent)
		return ABSENT;
	return transform_is_multi(t) ? apply_to_texts(t, &call, ret_values) : t->apply(&call, ret_values);
}

/* A value as the text that stands in a list literal. */
static struct str item_text(struct arena *arena, const struct value *v, enum param_type type)
{
	switch (value_kind(type)) {
	case VALUE_TEXT:
	case VALUE_BYTES:
		return v->s.ptr ? v->s : STR("");
	case VALUE_INT:
		return arena_printf(arena, "%" PRId64, v->i);
	case VALUE_UINT:
		return arena_printf(arena, "%" PRIu64, v->u);
	case VALUE_BOOL:
		return v->b ? STR("true") : STR("false");
	default: {
		struct strbuf text = { 0 };
		struct str s;

		value_print(&text, v, type, PF_DEC);
		s = arena_str(arena, strbuf_str(&text));
		strbuf_free(&text);
		return s;
	}
	}
}

enum presence transform_list(struct arena *arena, const struct transform_arg *items, size_t nitems,
			     struct values *ret_values)
{
	enum presence presence = PRESENT;
	uint32_t count = 0, n = 0;
	struct value *row;

	for (size_t i = 0; i < nitems; i++) {
		if (items[i].presence == UNKNOWN)
			return UNKNOWN;
		if (items[i].presence == ABSENT)
			presence = ABSENT;
		else
			count += items[i].values.count;
	}
	if (presence == ABSENT)
		return ABSENT;
	row = arena_array_of(arena, struct value, count);
	if (!row)
		return ABSENT;
	for (size_t i = 0; i < nitems; i++) {
		for (uint32_t j = 0; j < items[i].values.count; j++, n++) {
			row[n].s = item_text(arena, &items[i].values.list[j], items[i].type.type);
			if (!row[n].s.ptr)
				return ABSENT;
		}
	}
	*ret_values = (struct values){ row, count };
	return PRESENT;
}
