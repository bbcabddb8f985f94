/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/decode_exec.h"

#include <errno.h>

#include "base/cleanup.h"
#include "tracer/native_flags.h"

/* ---- the execve family ---- */

/* Texts of arguments and environments lie side by side, so that a page of memory has many of them. */
struct window {
	uint64_t page;
	bool filled;
	char bytes[4096];
};

/* Length of the text without its NUL, -ENAMETOOLONG when it fills room, -EFAULT. */
static ssize_t window_text(const struct call *c, struct window *w, uint64_t address, char *bytes, size_t room)
{
	size_t len = 0;

	while (len < room) {
		uint64_t page = address & ~(uint64_t)(sizeof(w->bytes) - 1);
		size_t at = address - page, piece = sizeof(w->bytes) - at;
		const char *end;

		if (!w->filled || w->page != page) {
			w->filled = memory_read(c->memory, page, w->bytes, sizeof(w->bytes)) == 0;
			w->page = page;
		}
		if (!w->filled)
			return -EFAULT;
		if (piece > room - len)
			piece = room - len;
		end = memchr(w->bytes + at, 0, piece);
		if (end)
			piece = (size_t)(end - (w->bytes + at));
		memcpy(bytes + len, w->bytes + at, piece);
		len += piece;
		address += piece;
		if (end)
			return (ssize_t)len;
	}
	return -ENAMETOOLONG;
}

/* Texts of a NULL-terminated array of pointers, each with its NUL, cut at the room that events have. */
static size_t read_texts(const struct call *c, struct window *w, uint64_t array, char *bytes, size_t room)
{
	uint64_t pointers[32];
	size_t len = 0, have = 0;

	for (size_t i = 0; len < room; i++) {
		ssize_t n;

		if (i % ARRAY_SIZE(pointers) == 0) {
			/* an array that ends just before an unmapped page is read one by one */
			have = memory_read(c->memory, array + i * 8, pointers, sizeof(pointers)) == 0 ?
				       ARRAY_SIZE(pointers) :
				       0;
		}
		if (!have && memory_read(c->memory, array + i * 8, &pointers[i % ARRAY_SIZE(pointers)], 8) < 0)
			break;
		if (!pointers[i % ARRAY_SIZE(pointers)])
			break;
		n = window_text(c, w, pointers[i % ARRAY_SIZE(pointers)], bytes + len, room - len);
		if (n == -ENAMETOOLONG)
			return room;
		if (n < 0)
			break;
		len += (size_t)n;
		if (len < room)
			bytes[len++] = '\0';
	}
	return len;
}

struct exec_texts {
	char argv[EVENT_STRING_BYTES], env[EVENT_STRING_BYTES], filename[EVENT_STRING_BYTES];
};

static void read_exec(const struct call *c, bool at, struct exec_texts *t, struct exec_call *x)
{
	unsigned int arg = at ? 1 : 0;
	struct window w = { .filled = false };
	size_t argv_len = read_texts(c, &w, c->args[arg + 1], t->argv, sizeof(t->argv));
	size_t env_len = read_texts(c, &w, c->args[arg + 2], t->env, sizeof(t->env));
	ssize_t name_len = memory_read_string(c->memory, c->args[arg], t->filename, sizeof(t->filename));
	size_t first = strnlen(t->argv, argv_len);

	x->exe = (struct str){ t->argv, first };
	x->args = (struct str){ t->argv + first + 1, argv_len > first ? argv_len - first - 1 : 0 };
	x->env = (struct str){ t->env, env_len };
	if (name_len == -ENAMETOOLONG)
		name_len = sizeof(t->filename);
	x->filename = (struct str){ t->filename, name_len > 0 ? (size_t)name_len : 0 };
}

/*
 * At the entry: who calls and with what. What the new program will be (its file, name, credentials) is not told by
 * these arguments.
 */
static int decode_exec_entry(const struct call *c, const struct exec_call *x, struct event_builder *b,
			     struct event *ret_event, struct error *err)
{
	int tid_at = event_param_index(x->type, STR("tid")), env_at = event_param_index(x->type, STR("env"));
	int name_at = event_param_index(x->type, STR("filename"));
	int r;

	event_begin(b, x->type, c->ts, c->tid);
	for (int i = 0; i < (int)event_table[x->type].nparams; i++) {
		if (i == 1)
			event_put_text(b, x->exe);
		else if (i == 2)
			event_put_bytes(b, x->args);
		else if (i == tid_at)
			event_put_int(b, c->tid);
		else if (i == tid_at + 1)
			event_put_int(b, c->pid);
		else if (i == env_at)
			event_put_bytes(b, x->env);
		else if (i == name_at)
			event_put_text(b, x->filename);
		else
			event_put_unknown(b);
	}
	r = event_end(b, ret_event, err);
	if (r == 0)
		event_make_provisional(ret_event, b);
	return r;
}

static int decode_exec_event(const struct call *c, uint16_t type, struct event_builder *b, struct event *ret_event,
			     struct error *err)
{
	bool done = c->has_result && c->result >= 0, foreseen = done && c->assumed;
	struct exec_call x = { .type = foreseen ? EV_SYSCALL_EXECVE_19_X : type, .result = c->result,
			       .foreseen = foreseen, .program = c->object_fd };
	struct exec_texts texts;

	/* a call that succeeded has replaced the memory that its arguments were in */
	if (!done || foreseen)
		read_exec(c, type == EV_SYSCALL_EXECVEAT_X, &texts, &x);
	if (!c->has_result)
		return decode_exec_entry(c, &x, b, ret_event, err);
	return decode_exec_call(c->tid, c->pid, c->ts, &x, c->memo, b, ret_event, err);
}

/* ---- the clone family ---- */

static uint32_t birth_flags(const struct call *c, uint16_t type)
{
	uint64_t flags = 0;

	if (type == EV_SYSCALL_CLONE_20_X)
		flags = c->args[0];
	else if (type == EV_SYSCALL_CLONE3_X && memory_read(c->memory, c->args[0], &flags, sizeof(flags)) < 0)
		flags = 0;
	else if (type == EV_SYSCALL_VFORK_20_X)
		return native_flags_to_event(&native_clone_flags, 0x4000 | 0x100); /* CLONE_VFORK, CLONE_VM */
	return native_flags_to_event(&native_clone_flags, (uint32_t)flags & ~0xffu); /* without the exit signal */
}

/* At the entry of a birth: its flags and who calls. */
static int decode_birth_entry(const struct call *c, uint16_t type, struct event_builder *b, struct event *ret_event,
			      struct error *err)
{
	int tid_at = event_param_index(type, STR("tid")), flags_at = event_param_index(type, STR("flags"));
	int r;

	event_begin(b, type, c->ts, c->tid);
	for (int i = 0; i < (int)event_table[type].nparams; i++) {
		if (i == tid_at)
			event_put_int(b, c->tid);
		else if (i == tid_at + 1)
			event_put_int(b, c->pid);
		else if (i == flags_at)
			event_put_int(b, birth_flags(c, type));
		else
			event_put_unknown(b);
	}
	r = event_end(b, ret_event, err);
	if (r == 0)
		event_make_provisional(ret_event, b);
	return r;
}

int decode_birth_or_exec(const struct call *c, uint16_t type, struct event_builder *b, struct event *ret_event,
			 struct error *err)
{
	switch (type) {
	case EV_SYSCALL_EXECVE_19_X:
	case EV_SYSCALL_EXECVEAT_X:
		return decode_exec_event(c, type, b, ret_event, err);
	case EV_SYSCALL_CLONE_20_X:
	case EV_SYSCALL_CLONE3_X:
	case EV_SYSCALL_FORK_20_X:
	case EV_SYSCALL_VFORK_20_X:
		if (!c->has_result)
			return decode_birth_entry(c, type, b, ret_event, err);
		return decode_fork(&(struct decode_birth){ .tid = c->tid, .pid = c->pid, .ts = c->ts, .type = type,
							   .flags = birth_flags(c, type), .result = c->result },
				   c->memo, b, ret_event, err);
	default:
		return -ENOENT;
	}
}
