/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/decode.h"

#include <errno.h>

#include "base/cleanup.h"
#include "tracer/decode_exec.h"
#include "tracer/decode_step.h"

/* ---- the table ---- */

#define RES	      { put_result, 0, 1, NULL }
#define INT(a)	      { put_int, a, 1, NULL }
#define RAW(a)	      { put_raw, a, 1, NULL }
#define BITS(a, s)    { put_bits, a, 1, &native_##s }
#define PATH(a)	      { put_path, a, 1, NULL }
#define OPEN(a)	      { put_bare_open_flags, a, 1, NULL }
#define ZERO	      { put_zero, 0, 1, NULL }
#define FN(f, a)      { f, a, 1, NULL }
#define PARTS(n, f, a) { f, a, n, NULL }

#define ENCODE(event, ...) static const struct step steps_##event[] = { __VA_ARGS__ __VA_OPT__(,) { 0 } };
#include "tracer/encodings.def"
#undef ENCODE

#define ENCODE(event, ...) [EV_##event] = steps_##event,
static const struct step *const encodings[EV_COUNT] = {
#include "tracer/encodings.def"
};
#undef ENCODE

const struct step *decode_step(uint16_t event, unsigned int param)
{
	const struct step *s = event < EV_COUNT ? encodings[event] : NULL;
	unsigned int at = 0;

	for (; s && s->put; s++) {
		if (param >= at && param < at + s->count)
			return s->count == 1 ? s : NULL;
		at += s->count;
	}
	return NULL;
}

/* ---- steps that most calls need ---- */

bool put_unknown_yet(const struct call *c, struct event_builder *b)
{
	if (!c->has_result)
		event_put_unknown(b);
	return !c->has_result;
}

STEP(put_result)
{
	(void)s;
	if (!put_unknown_yet(c, b))
		event_put_int(b, c->result);
}

STEP(put_int)
{
	event_put_int(b, (int32_t)c->args[s->arg]);
}

STEP(put_raw)
{
	event_put_int(b, (int64_t)c->args[s->arg]);
}

STEP(put_u32)
{
	event_put_int(b, (uint32_t)c->args[s->arg]);
}

STEP(put_bits)
{
	event_put_int(b, native_flags_to_event(s->set, (uint32_t)c->args[s->arg]));
}

STEP(put_path)
{
	char path[EVENT_STRING_BYTES];
	ssize_t n = -EFAULT;

	if (c->path.ptr) { /* calls whose path is read before have one */
		event_put_text(b, c->path);
		return;
	}
	if (c->args[s->arg])
		n = memory_read_string(c->memory, c->args[s->arg], path, sizeof(path));
	if (n == -ENAMETOOLONG)
		n = sizeof(path); /* the builder cuts it and counts */
	if (n < 0)
		event_put_absent(b);
	else
		event_put_text(b, (struct str){ path, (size_t)n });
}

STEP(put_zero)
{
	(void)c;
	(void)s;
	event_put_int(b, 0);
}

STEP(put_code)
{
	const struct syscall_info *info = syscall_by_number(c->number);

	(void)s;
	event_put_int(b, info ? info->code : 0);
}

STEP(put_number)
{
	(void)s;
	event_put_int(b, c->number);
}

/* ---- a call ---- */

int decode_call(const struct call *c, struct event_builder *b, struct event *ret_event, struct error *err)
{
	const struct syscall_info *info = syscall_by_number(c->number);
	uint16_t type = info ? info->event : EV_GENERIC_X;
	const struct step *s;
	int r;

	r = decode_birth_or_exec(c, type, b, ret_event, err);
	if (r != -ENOENT)
		return r;
	if (!encodings[type])
		return error_set(err, -ENOENT, "system call %ld has no event", c->number);
	event_begin(b, type, c->ts, c->tid);
	for (s = encodings[type]; s->put; s++)
		s->put(c, s, b);
	b->wrong |= b->nparams != event_table[type].nparams; /* the row and events.def disagree */
	r = event_end(b, ret_event, err);
	if (r == 0 && !c->has_result)
		event_make_provisional(ret_event, b);
	return r;
}
