/* SPDX-License-Identifier: Apache-2.0 */
#include "rule/event_class.h"

#include <errno.h>

/* How a type decides a field. */
enum deciding { DECIDES_NOTHING, DECIDES_VALUE, DECIDES_OPEN, DECIDES_PARAMETER };

static const struct {
	struct str field;
	enum deciding how;
} fields[] = {
#define ROW(name, how) { { name, sizeof(name) - 1 }, how }
	ROW("evt.type", DECIDES_VALUE),          ROW("evt.dir", DECIDES_VALUE),
	ROW("syscall.type", DECIDES_VALUE),      ROW("evt.is_open_read", DECIDES_OPEN),
	ROW("evt.is_open_write", DECIDES_OPEN),  ROW("evt.is_open_exec", DECIDES_OPEN),
	ROW("evt.is_open_create", DECIDES_OPEN), ROW("evt.arg", DECIDES_PARAMETER),
	ROW("evt.rawarg", DECIDES_PARAMETER),
#undef ROW
};

static enum deciding deciding(const struct predicate *p)
{
	struct str name;

	if (p->form == FORM_RIGHT || p->expression->kind != EXPRESSION_FIELD)
		return DECIDES_NOTHING;
	name = field_name(p->expression->field.info);
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (str_eq(name, fields[i].field))
			return fields[i].how;
	return DECIDES_NOTHING;
}

/* ---- one type ------------------------------------------------------------------------------------------ */

/* What a type decides of one field after the other. */
struct deciding_type {
	uint16_t number; /* of EVENT_TYPES */
	bool generic; /* its name, category or kind is in its parameters */
	bool opens;
	struct event event; /* of the type, without parameters */
	uint8_t bytes[2];
	struct field_context context;
};

static bool type_opens(const struct event_info *info)
{
	static const char *const names[] = {
		"open", "openat", "openat2", "open_by_handle_at", "creat", "memfd_create"
	};

	for (size_t i = 0; info->name && i < ARRAY_SIZE(names); i++)
		if (strcmp(info->name, names[i]) == 0)
			return true;
	return false;
}

static void begin_type(struct deciding_type *t, struct arena *scratch, uint16_t number)
{
	uint16_t type = number < EV_COUNT ? number : EV_GENERIC_X, code = number < EV_COUNT ? 0 : number - EV_COUNT;
	const struct event_info *info = &event_table[type];

	arena_reset(scratch);
	*t = (struct deciding_type){ .number = number,
				     .bytes = { (uint8_t)code, (uint8_t)(code >> 8) },
				     .opens = type_opens(info) };
	t->generic =
		number < EV_COUNT && (type <= EV_GENERIC_X || !info->name ||
				      !(info->category & (EC_SYSCALL | EC_TRACEPOINT)) || (info->category & EC_PLUGIN));
	t->event = (struct event){ .number = 1, .type = type, .info = info, .values = t->bytes };
	if (type == EV_GENERIC_X) {
		t->event.nparams = 1;
		t->event.offset[1] = sizeof(t->bytes);
	}
	t->context = (struct field_context){ .ev = &t->event, .arena = scratch };
}

/* Whether the type has the parameter that a field names; those that are named by a number are not told apart. */
static bool has_parameter(const struct deciding_type *t, const struct field_ref *f)
{
	bool by_number = f->arg.len && f->arg.ptr[0] >= '0' && f->arg.ptr[0] <= '9';

	return by_number || event_param_index(t->event.type, f->arg) >= 0;
}

/* The truths of predicates over one field: row[i] is that of the i-th. */
static void decide(struct deciding_type *t, const struct program *p, const uint32_t *predicates, uint32_t n,
		   uint8_t *row)
{
	const struct predicate *first = &p->predicates[predicates[0]];
	const struct field_ref *f = &first->expression->field;
	enum deciding how = deciding(first);
	struct values values = { 0 };
	enum presence presence;

	if (how == DECIDES_PARAMETER) {
		memset(row, has_parameter(t, f) ? TRUTH_OPEN : TRUTH_NO, n);
		return;
	}
	if (t->generic || (how == DECIDES_OPEN && t->opens)) {
		memset(row, TRUTH_OPEN, n);
		return;
	}
	presence = field_extract(f, &t->context, &values);
	for (uint32_t i = 0; i < n; i++) {
		const struct predicate *q = &p->predicates[predicates[i]];
		bool pattern = q->form == FORM_REGEX || q->form == FORM_REGEXES;

		row[i] = pattern ? TRUTH_OPEN : (uint8_t)predicate_test(q, presence, &values, PRESENT, NULL, NULL);
	}
}

/* ---- all types ----------------------------------------------------------------------------------------- */

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

static int by_field(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static int find_predicates(const struct program *p, struct event_classes *c)
{
	auto_free uint64_t *found = calloc(p->npredicates + 1, sizeof(*found)); /* slot << 32 | predicate */

	c->predicates = calloc(p->npredicates + 1, sizeof(*c->predicates));
	if (!found || !c->predicates)
		return -ENOMEM;
	for (uint32_t i = 0; i < p->npredicates; i++) {
		if (deciding(&p->predicates[i]) != DECIDES_NOTHING)
			found[c->npredicates++] = (uint64_t)p->predicates[i].left << 32 | i;
	}
	qsort(found, c->npredicates, sizeof(*found), by_field);
	for (uint32_t i = 0; i < c->npredicates; i++)
		c->predicates[i] = (uint32_t)found[i];
	return 0;
}

int event_classes_find(const struct program *p, struct event_classes *c)
{
	auto_arena struct arena *scratch = arena_new(4096);
	struct deciding_type type;

	*c = (struct event_classes){ 0 };
	if (!scratch || find_predicates(p, c) < 0)
		return -ENOMEM;
	c->truths = calloc(EVENT_TYPES, c->npredicates + 1);
	if (!c->truths)
		return -ENOMEM;
	for (uint16_t number = 0; number < EVENT_TYPES; number++) {
		uint8_t *row = c->truths + (size_t)c->count * c->npredicates;
		uint32_t n;

		begin_type(&type, scratch, number);
		for (uint32_t i = 0; i < c->npredicates; i += n) {
			for (n = 1; i + n < c->npredicates; n++)
				if (p->predicates[c->predicates[i + n]].left != p->predicates[c->predicates[i]].left)
					break;
			decide(&type, p, c->predicates + i, n, row + i);
		}
		strbuf_free(&type.context.scratch);
		c->of_type[number] = class_of(c, row);
	}
	return 0;
}

void event_classes_release(struct event_classes *c)
{
	free(c->predicates);
	free(c->truths);
}
