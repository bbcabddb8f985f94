/* SPDX-License-Identifier: Apache-2.0 */
#include "source/scap_convert.h"

#include <errno.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "event/event_wire.h"
#include "source/scap_store.h"

#define MAX_ROUNDS 50 /* the longest chain of layouts has 9; more is a loop in the table */

enum action { PASS, STORE, STORE_AND_PASS, ADD_PARAMS, CHANGE_TYPE };

/* A step is a kind in the high bits and, for the first three, a parameter number. */
#define OLD(n)		  (0x00 | (n))
#define ENTER(n)	  (0x40 | (n))
#define ENTER_OR_EMPTY(n) (0x80 | (n))
#define EMPTY		  0xc0
#define DEFAULT		  0xc1
#define CONTAINER_JSON	  0xc2
#define STEP_KIND(step)	  ((step)&0xc0)
#define STEP_PARAM(step)  ((step)&0x3f)

struct conversion {
	uint16_t type, to;
	uint8_t nparams, action, nsteps;
	uint8_t steps[EVENT_MAX_PARAMS];
};

#define CONVERT(type, nparams, action, to, ...)                                                                       \
	{ EV_##type, EV_##to, nparams, action, sizeof((uint8_t[]){ 0, ##__VA_ARGS__ }) - 1, { __VA_ARGS__ } },
static const struct conversion conversions[] = {
#include "source/conversions.def"
};

#define P(...) +1
#define PASSES(number, flags)                                            \
	(!((flags) & (EF_UNUSED | EF_OLD_VERSION | EF_LARGE_PAYLOAD)) && \
	 !((flags)&EF_CONVERTER_MANAGED && (number) % 2 == 0))
#define EVENT(number, id, name, category, flags, writes, derivable, ...)                                              \
	[number] = PASSES(number, flags) ? 0 __VA_ARGS__ : SCAP_CONVERT_NEVER,
const uint8_t scap_convert_whole[EV_COUNT] = {
#include "event/events.def"
};
#undef EVENT
#undef P

struct scap_convert {
	struct scap_store store;
	uint16_t first[EV_COUNT + 1]; /* conversions of type t are rows first[t] .. first[t + 1] */
	struct strbuf out[2]; /* a round reads from one and writes to the other */
	struct strbuf json;
	struct strbuf upgraded; /* an event with a header of version 1, with one of version 2 */
};

struct scap_convert *scap_convert_new(void)
{
	struct scap_convert *c = calloc(1, sizeof(*c));
	size_t row = 0;

	for (uint16_t type = 0; c && type < EV_COUNT; type++) {
		c->first[type] = (uint16_t)row;
		while (row < ARRAY_SIZE(conversions) && conversions[row].type == type)
			row++;
	}
	if (c)
		c->first[EV_COUNT] = (uint16_t)row;
	return c;
}

void scap_convert_free(struct scap_convert *c)
{
	if (!c)
		return;
	scap_store_free(&c->store);
	strbuf_free(&c->out[0]);
	strbuf_free(&c->out[1]);
	strbuf_free(&c->json);
	strbuf_free(&c->upgraded);
	free(c);
}

void scap_convert_reset(struct scap_convert *c)
{
	scap_store_clear(&c->store);
}

uint64_t scap_convert_forgotten(const struct scap_convert *c)
{
	return c->store.forgotten;
}

/* ---- headers of the first version ---- */

/* The number of parameters whose lengths and values make up exactly len bytes behind the header, or -1. */
static int count_params(const uint8_t *lengths, size_t len, uint32_t most)
{
	for (uint32_t n = most + 1; n-- > 0;) {
		size_t sum = 2 * (size_t)n;

		for (uint32_t i = 0; i < n && sum <= len; i++)
			sum += bytes_u16(lengths + 2 * i);
		if (sum == len)
			return (int)n;
	}
	return -1;
}

int scap_convert_header(struct scap_convert *c, const uint8_t **at, uint32_t *len, struct error *err)
{
	uint16_t type = bytes_u16(*at + EVENT_HEADER_TYPE);
	const struct event_info *info = event_info(type);
	uint32_t rest = *len, total, nparams;
	int n;

	if (type == EV_NOTIFICATION_E || type == EV_INFRASTRUCTURE_EVENT_E)
		rest = rest >= EVENT_HEADER_V1_BYTES + 3 ? rest - 3 : rest; /* their writers counted 3 bytes too many */
	rest -= EVENT_HEADER_V1_BYTES;
	n = info && !(info->flags & EF_LARGE_PAYLOAD) ? count_params(*at + EVENT_HEADER_V1_BYTES, rest, info->nparams) :
							-1;
	if (!info)
		return -ENOTSUP;
	if (n < 0)
		return error_set(err, -EBADMSG, "no number of parameters fits the event's length");
	nparams = (uint32_t)n;
	total = rest + EVENT_HEADER_BYTES;
	strbuf_reset(&c->upgraded);
	strbuf_add(&c->upgraded, *at, EVENT_HEADER_V1_BYTES);
	strbuf_add(&c->upgraded, &nparams, sizeof(nparams));
	strbuf_add(&c->upgraded, *at + EVENT_HEADER_V1_BYTES, rest);
	if (c->upgraded.failed)
		return error_set(err, -ENOMEM, "out of memory");
	memcpy(c->upgraded.ptr + EVENT_HEADER_LEN, &total, sizeof(total));
	*at = (const uint8_t *)c->upgraded.ptr;
	*len = total;
	return 0;
}

/* ---- the parameters of one round ---- */

struct round {
	struct scap_convert *c;
	const struct event *old;
	const struct conversion *row;
	const struct event_info *info; /* of the new type */
	struct event enter;
	bool has_enter;
	struct str params[EVENT_MAX_PARAMS];
	uint32_t nparams;
};

static struct str default_value(enum param_type type)
{
	static const uint8_t zero[8], ones[4] = { 0xff, 0xff, 0xff, 0xff };
	int size = param_type_integer_size(type);

	if (type == PT_UID || type == PT_GID)
		return (struct str){ (const char *)ones, sizeof(ones) };
	return (struct str){ (const char *)zero, (size_t)(size < 0 ? -size : size) };
}

/* The one text that replaced four parameters. */
static struct str container_json(struct round *r)
{
	struct strbuf *b = &r->c->json;

	strbuf_reset(b);
	strbuf_adds(b, "{\"id\":");
	json_add_string(b, event_param_text(r->old, 0));
	strbuf_adds(b, ",\"type\":");
	strbuf_addu(b, event_param_uint(r->old, 1));
	strbuf_adds(b, ",\"name\":");
	json_add_string(b, event_param_text(r->old, 2));
	strbuf_adds(b, ",\"image\":");
	json_add_string(b, event_param_text(r->old, 3));
	strbuf_addc(b, '}');
	strbuf_addc(b, '\0');
	return strbuf_str(b);
}

/* A value taken from another event: a number is cut to the width that it has now. */
static struct str fitted(const struct param_info *p, struct str v)
{
	int size = param_type_integer_size(p->type);
	size_t max = size ? (size_t)(size < 0 ? -size : size) : v.len;

	return (struct str){ v.ptr, v.len < max ? v.len : max };
}

static int find_enter(struct round *r, struct error *err)
{
	struct str bytes = scap_store_get(&r->c->store, r->old->tid);
	int e;

	if (!bytes.len)
		return 0;
	e = event_read(&r->enter, bytes.ptr, bytes.len, err);
	if (e < 0)
		return e;
	if (r->enter.type != r->old->type - 1)
		return error_set(err, -EBADMSG, "the exit of %s (type %u) follows the enter event of %s (type %u)",
				 r->old->info->name, r->old->type, r->enter.info->name, r->enter.type);
	r->has_enter = true;
	return 1;
}

static int from_event(struct round *r, const struct event *ev, unsigned int i, struct str *ret_value, struct error *err)
{
	if (i >= ev->nparams)
		return error_set(err, -EBADMSG, "event %s (type %u) has %u parameters, number %u was expected",
				 ev->info->name, ev->type, ev->nparams, i);
	*ret_value = fitted(&r->info->params[r->nparams], event_param(ev, i));
	return 0;
}

static int take_step(struct round *r, uint8_t step, struct error *err)
{
	const struct param_info *p;
	struct str *value;
	int e;

	if (r->nparams >= r->info->nparams)
		return error_set(err, -EBADMSG, "event %s (type %u) with %u parameters has no room for more",
				 r->info->name, r->row->to, r->old->nparams);
	p = &r->info->params[r->nparams];
	value = &r->params[r->nparams];
	switch (STEP_KIND(step)) {
	case OLD(0):
		e = from_event(r, r->old, STEP_PARAM(step), value, err);
		break;
	case ENTER(0):
	case ENTER_OR_EMPTY(0):
		e = r->has_enter ? 1 : find_enter(r, err);
		if (e > 0)
			e = from_event(r, &r->enter, STEP_PARAM(step), value, err);
		else if (e == 0)
			*value = STEP_KIND(step) == ENTER(0) ? default_value(p->type) : STR("");
		break;
	default:
		e = 0;
		*value = step == DEFAULT ? default_value(p->type) : step == EMPTY ? STR("") : container_json(r);
		break;
	}
	r->nparams++;
	return e;
}

/* ---- putting it together ---- */

static int assemble(struct round *r, struct strbuf *out, struct event *ret_event, struct error *err)
{
	uint8_t header[EVENT_HEADER_BYTES];
	size_t width = r->info->flags & EF_LARGE_PAYLOAD ? 4 : 2;
	uint32_t len, total;

	strbuf_reset(out);
	memcpy(header, r->old->bytes, sizeof(header));
	memcpy(header + EVENT_HEADER_TYPE, &r->row->to, sizeof(r->row->to));
	memcpy(header + EVENT_HEADER_NPARAMS, &r->nparams, sizeof(r->nparams));
	strbuf_add(out, header, sizeof(header));
	for (uint32_t i = 0; i < r->nparams; i++) {
		if (width == 2 && r->params[i].len > UINT16_MAX)
			return error_set(err, -EBADMSG,
					 "event %s (type %u): parameter %u has %zu bytes, at most %u fit",
					 r->info->name, r->row->to, i, r->params[i].len, UINT16_MAX);
		len = (uint32_t)r->params[i].len;
		strbuf_add(out, &len, width);
	}
	for (uint32_t i = 0; i < r->nparams; i++)
		strbuf_addstr(out, r->params[i]);
	if (out->failed)
		return error_set(err, -ENOMEM, "out of memory");
	total = (uint32_t)out->len;
	memcpy(out->ptr + EVENT_HEADER_LEN, &total, sizeof(total));
	return event_read(ret_event, out->ptr, out->len, err);
}

static int rebuild(struct scap_convert *c, const struct conversion *row, struct strbuf *out, struct event *ev,
		   struct error *err)
{
	struct round r = { .c = c, .old = ev, .row = row, .info = &event_table[row->to] };
	struct event built;
	int e;

	if (row->action == ADD_PARAMS) {
		for (; r.nparams < ev->nparams; r.nparams++)
			r.params[r.nparams] = event_param(ev, r.nparams);
	}
	for (uint8_t i = 0; i < row->nsteps; i++) {
		e = take_step(&r, row->steps[i], err);
		if (e < 0)
			return e;
	}
	e = assemble(&r, out, &built, err);
	if (e < 0)
		return e;
	if (r.has_enter)
		scap_store_remove(&c->store, ev->tid);
	built.cpu = ev->cpu;
	built.flags = ev->flags;
	*ev = built;
	return 0;
}

/* ---- choosing ---- */

/*
 * A call's enter event is there for its exit event alone, whose parameters it may tell: rules never see it,
 * as in Falco.
 */
static void hide_enter(struct event *ev)
{
	if (event_type_is_enter(ev->type) && (ev->info->category & EC_SYSCALL))
		ev->flags |= EVENT_FLAG_UNSHOWN;
}

static const struct conversion *find_row(const struct scap_convert *c, const struct event *ev)
{
	for (size_t i = c->first[ev->type]; i < c->first[ev->type + 1]; i++) {
		if (conversions[i].nparams == ev->nparams)
			return &conversions[i];
	}
	return NULL;
}

int scap_convert(struct scap_convert *c, struct event *ev, struct error *err)
{
	const struct conversion *row;
	int e = 0;

	for (int round = 0; round < MAX_ROUNDS; round++) {
		if (scap_convert_passes(ev))
			return 1;
		if (ev->info->flags & EF_UNUSED)
			return 0;
		if (!(ev->info->flags & EF_CONVERTER_MANAGED) && event_type_is_enter(ev->type))
			return 0; /* enter events of calls that are told by their exit today */
		row = find_row(c, ev);
		if (!row)
			return error_set(err, -EBADMSG, "event %s (type %u) with %u parameters has no known layout",
					 ev->info->name, ev->type, ev->nparams);
		if (row->action == STORE || row->action == STORE_AND_PASS)
			e = scap_store_put(&c->store, ev->tid, (struct str){ (const char *)ev->bytes, ev->len });
		if (e < 0)
			return error_set(err, e, "out of memory");
		if (row->action == STORE)
			return 0;
		if (row->action == PASS || row->action == STORE_AND_PASS) {
			hide_enter(ev);
			return 1;
		}
		e = rebuild(c, row, &c->out[round & 1], ev, err);
		if (e < 0)
			return e;
	}
	return error_set(err, -EBADMSG, "event %s (type %u) was converted %d times and is still not current",
			 ev->info->name, ev->type, MAX_ROUNDS);
}
