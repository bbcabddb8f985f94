/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/image.h"

#include <elf.h>
#include <errno.h>

#include "base/cleanup.h"

/*
 * From the stack pointer up: the number of arguments; pointers to them, NULL; pointers to the environment, NULL; the
 * auxiliary vector; and further up the texts themselves, in the same order, then the path that was executed. Each kind
 * of text is one piece, as /proc/PID/cmdline and environ show it.
 */

#define WINDOW_BYTES 16384 /* usual programs fit; what does not is read from /proc */

struct window {
	uint64_t address;
	size_t len;
	union {
		char bytes[WINDOW_BYTES];
		uint64_t words[WINDOW_BYTES / sizeof(uint64_t)];
	};
};

/* Where the texts begin and end. */
struct texts {
	uint64_t args, env, path;
};

static int find_texts(const struct window *w, struct texts *ret_texts)
{
	size_t nwords = w->len / sizeof(uint64_t), env, aux;
	uint64_t argc = nwords ? w->words[0] : 0;

	if (argc == 0 || argc >= nwords)
		return -E2BIG;
	env = (size_t)argc + 2;
	for (aux = env; aux < nwords && w->words[aux]; aux++)
		;
	for (size_t i = aux + 1; i + 1 < nwords && w->words[i] != AT_NULL; i += 2)
		if (w->words[i] == AT_EXECFN)
			ret_texts->path = w->words[i + 1];
	if (!ret_texts->path)
		return -E2BIG;
	ret_texts->args = w->words[1];
	ret_texts->env = aux > env ? w->words[env] : ret_texts->path;
	/* whoever may write there can write anything */
	if (w->words[env - 1] || ret_texts->args < w->address || ret_texts->env < ret_texts->args ||
	    ret_texts->path < ret_texts->env)
		return -EBADMSG;
	return 0;
}

static int copy(struct memory *m, const struct window *w, uint64_t from, uint64_t to, char *bytes, size_t *ret_len)
{
	size_t len = to - from < EVENT_STRING_BYTES ? (size_t)(to - from) : EVENT_STRING_BYTES;
	int r = 0;

	if (from - w->address < w->len && w->len - (from - w->address) >= len)
		memcpy(bytes, w->bytes + (from - w->address), len);
	else
		r = memory_read(m, from, bytes, len);
	*ret_len = len;
	return r;
}

int image_read(struct memory *m, uint64_t stack, struct exec_image *ret_image)
{
	struct window w = { .address = stack };
	struct texts texts = { 0 };
	ssize_t n = memory_read_some(m, stack, w.bytes, sizeof(w.bytes));
	int r;

	if (n <= 0 || stack % sizeof(uint64_t))
		return n < 0 ? (int)n : -EFAULT;
	w.len = (size_t)n;
	r = find_texts(&w, &texts);
	if (r == 0)
		r = copy(m, &w, texts.args, texts.env, ret_image->args, &ret_image->args_len);
	if (r == 0)
		r = copy(m, &w, texts.env, texts.path, ret_image->env, &ret_image->env_len);
	return r;
}
