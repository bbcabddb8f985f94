/* SPDX-License-Identifier: Apache-2.0 */
#include "rule/event_class.h"

#include <errno.h>

static bool is_one_of(struct str s, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (str_eq(s, str_of(names[i])))
			return true;
	}
	return false;
}

static const char *const type_fields[] = { "evt.type", "evt.dir", "syscall.type" };
static const char *const open_fields[] = { "evt.is_open_read", "evt.is_open_write", "evt.is_open_exec", "evt.is_open_create" };
static const char *const parameter_fields[] = { "evt.arg", "evt.rawarg" };
static const char *const open_types[] = { "open", "openat", "openat2", "open_by_handle_at", "creat", "memfd_create" };

static bool may_depend_on_type(const struct predicate *p)
{
	struct str name;

	if (p->form == FORM_RIGHT || p->expression->kind != EXPRESSION_FIELD)
		return false;
	name = field_name(p->expression->field.info);
	return is_one_of(name, type_fields, ARRAY_SIZE(type_fields)) || is_one_of(name, open_fields, ARRAY_SIZE(open_fields)) ||
	       is_one_of(name, parameter_fields, ARRAY_SIZE(parameter_fields));
}

/* Types whose name, category or kind is in their parameters. */
static bool type_is_generic(uint16_t type)
{
	const struct event_info *info = &event_table[type];

	return type <= EV_GENERIC_X || !info->name || !(info->category & (EC_SYSCALL | EC_TRACEPOINT)) || (info->category & EC_PLUGIN);
}

static enum truth run(struct arena *scratch, const struct predicate *p, uint16_t type, uint16_t code)
{
	uint8_t bytes[2] = { (uint8_t)code, (uint8_t)(code >> 8) };
	struct event event = { .number = 1, .type = type, .info = &event_table[type], .values = bytes };
	struct field_context context = { .ev = &event, .arena = scratch };
	struct values values = { 0 };
	enum presence presence;
	enum truth truth;

	if (type == EV_GENERIC_X) {
		event.nparams = 1;
		event.offset[1] = sizeof(bytes);
	}
	arena_reset(scratch);
	presence = field_extract(&p->expression->field, &context, &values);
	truth = predicate_test(p, presence, &values, PRESENT, NULL, NULL);
	strbuf_free(&context.scratch);
	return truth;
}

static uint8_t decide(struct arena *scratch, const struct predicate *p, uint16_t number)
{
	const struct field_ref *f = &p->expression->field;
	uint16_t type = number < EV_COUNT ? number : EV_GENERIC_X, code = number < EV_COUNT ? 0 : number - EV_COUNT;
	struct str name = field_name(f->info);

	if (is_one_of(name, parameter_fields, ARRAY_SIZE(parameter_fields))) {
		bool by_number = f->arg.len && f->arg.ptr[0] >= '0' && f->arg.ptr[0] <= '9';

		return by_number || event_param_index(type, f->arg) >= 0 ? TRUTH_OPEN : TRUTH_NO;
	}
	if ((number < EV_COUNT && type_is_generic(type)) || p->form == FORM_REGEX || p->form == FORM_REGEXES)
		return TRUTH_OPEN;
	if (is_one_of(name, open_fields, ARRAY_SIZE(open_fields)) &&
	    is_one_of(str_of(event_table[type].name), open_types, ARRAY_SIZE(open_types)))
		return TRUTH_OPEN;
	return (uint8_t)run(scratch, p, type, code);
}

/* The class whose predicates come out as those of row, which is the row behind the classes found so far. */
static uint16_t class_of(struct event_classes *c, const uint8_t *row)
{
	uint16_t class = 0;

	while (class < c->count && memcmp(row, c->truths + (size_t)class * c->npredicates, c->npredicates) != 0)
		class++;
	if (class == c->count)
		c->count++;
	return class;
}

int event_classes_find(const struct program *p, struct event_classes *c)
{
	auto_arena struct arena *scratch = arena_new(4096);

	*c = (struct event_classes){ 0 };
	c->predicates = calloc(p->npredicates + 1, sizeof(*c->predicates));
	if (!scratch || !c->predicates)
		return -ENOMEM;
	for (uint32_t i = 0; i < p->npredicates; i++) {
		if (may_depend_on_type(&p->predicates[i]))
			c->predicates[c->npredicates++] = i;
	}
	c->truths = calloc(EVENT_TYPES, c->npredicates + 1);
	if (!c->truths)
		return -ENOMEM;
	for (uint16_t type = 0; type < EVENT_TYPES; type++) {
		uint8_t *row = c->truths + (size_t)c->count * c->npredicates;

		for (uint32_t i = 0; i < c->npredicates; i++)
			row[i] = decide(scratch, &p->predicates[c->predicates[i]], type);
		c->of_type[type] = class_of(c, row);
	}
	return 0;
}

void event_classes_release(struct event_classes *c)
{
	free(c->predicates);
	free(c->truths);
}
