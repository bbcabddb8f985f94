/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/decode.h"

#include <errno.h>

#include "base/cleanup.h"
#include "tracer/decode_exec.h"
#include "tracer/decode_step.h"
#include "tracer/maps.h"

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

	if (c->other_path.ptr && s->arg == c->other_arg) {
		event_put_text(b, c->other_path);
		return;
	}
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

/* ---- what others can change ---- */

/* The steps that look into the caller's memory at its entry. */
static void (*const looking[])(const struct call *c, const struct step *s, struct event_builder *b) = {
	put_path,        put_open_how,    put_fsconfig_value, put_prctl,        put_rlimit,   put_keyctl,  put_quota,
	put_interval,    put_sigset,      put_offset,         put_semop,        put_io_uring, put_sent,    put_module,
	put_sent_vector, put_vector_size, put_sent_message,   put_message_size, put_sockaddr, put_sockopt,
};

static bool looks(const struct step *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(looking); i++)
		if (s->put == looking[i])
			return true;
	return false;
}

/*
 * Whether the kernel may find other bytes than we do. What is sent matters to few rules and is looked at
 * often: only sharers count there, not memory that a single process has mapped so that others can write.
 */
static bool may_change(const struct call *c, const struct step *s)
{
	enum { LOWEST_ADDRESS = 65536 };
	uint64_t address = c->args[s->arg];

	if (c->bytes == BYTES_FIXED || address < LOWEST_ADDRESS || !looks(s))
		return false;
	if (c->bytes == BYTES_SHARED)
		return true;
	return (s->put == put_path || s->put == put_sockaddr || s->put == put_prctl) &&
	       !maps_is_private(c->tid, address);
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
	for (s = encodings[type]; s->put; s++) {
		if (!c->has_result && may_change(c, s))
			for (unsigned int i = 0; i < s->count; i++)
				event_put_unknown(b);
		else
			s->put(c, s, b);
	}
	b->wrong |= b->nparams != event_table[type].nparams; /* the row and events.def disagree */
	r = event_end(b, ret_event, err);
	if (r == 0 && !c->has_result)
		event_make_provisional(ret_event, b);
	return r;
}
