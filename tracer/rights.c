/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/rights.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/parse.h"
#include "base/str.h"
#include "base/words.h"

/*
 * Everything is set by bare system calls: those of the C library would change all threads. Only the ids of the file
 * system and the effective set change, so the thread can always come back: its real and saved ids and its permitted
 * set stay. The effective set is set outright, rather than left to what setfsuid() takes away, so that what else a
 * capability may decide (reserved blocks, quotas, low ports) is decided as it would be for the caller.
 */

#define UNMAPPED 65534 /* how an id without a number in our user namespace is shown */

struct rights_book {
	bool able; /* to take on those of others */
	bool whole; /* every id has a number, so UNMAPPED is a user like others */
	int dumpable; /* a change of ids sets it to fs.suid_dumpable */
	uint64_t permitted, inheritable;
	struct rights *known[RIGHTS_KINDS]; /* the first are ours */
	size_t n;
};

static struct rights *parse(const char *lines)
{
	enum { UID, GID, GROUPS, CAPABILITIES, LINES };
	auto_free struct rights *r = NULL;
	struct str rest = str_of(lines), line[LINES], group;

	if (!str_ends(rest, STR("\n")))
		return NULL;
	for (int i = 0; i < LINES; i++)
		if (!words_line(&rest, &line[i]))
			return NULL;
	/* a group is a digit and a space at least */
	r = calloc(1, sizeof(*r) + (line[GROUPS].len / 2 + 1) * sizeof(r->groups[0]));
	if (!r || parse_u32(line[UID], &r->fsuid) < 0 || parse_u32(line[GID], &r->fsgid) < 0 ||
	    parse_hex_u64(line[CAPABILITIES], &r->capabilities) < 0)
		return NULL;
	while ((group = words_next(&line[GROUPS])).len)
		if (parse_u32(group, &r->groups[r->ngroups++]) < 0)
			return NULL;
	r->lines = str_dup(str_of(lines));
	return r->lines ? take_ptr(r) : NULL;
}

/* Whether a file of the kernel holds one of the texts. */
static bool holds(const char *path, const char *text)
{
	auto_free char *content = NULL;
	size_t len;

	return file_read_all(path, 4096, &content, &len, NULL) == 0 && strstr(content, text);
}

static int read_capabilities(struct rights_book *book, uint64_t *ret_effective)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	book->permitted = (uint64_t)data[1].permitted << 32 | data[0].permitted;
	book->inheritable = (uint64_t)data[1].inheritable << 32 | data[0].inheritable;
	*ret_effective = (uint64_t)data[1].effective << 32 | data[0].effective;
	return 0;
}

/*
 * Coming back from another user to root gives all permitted capabilities that are about files, so ours must be all in
 * effect. Where programs that changed users may be dumped (a setting for debugging), so could we be meanwhile.
 */
static bool is_able(const struct rights *own, uint64_t permitted, uint64_t effective)
{
	const uint64_t needed = 1u << CAP_SETUID | 1u << CAP_SETGID;

	return own->fsuid == 0 && geteuid() == 0 && own->fsgid == getegid() && permitted == effective &&
	       (effective & needed) == needed && effective == own->capabilities &&
	       !holds("/proc/sys/fs/suid_dumpable", "1");
}

struct rights_book *rights_new(const char *lines)
{
	struct rights_book *book = calloc(1, sizeof(*book));
	uint64_t effective = 0;

	if (!book)
		return NULL;
	book->known[0] = parse(lines);
	if (!book->known[0]) {
		free(book);
		return NULL;
	}
	book->n = 1;
	book->dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 1;
	book->whole = holds("/proc/self/uid_map", " 4294967295\n") && holds("/proc/self/gid_map", " 4294967295\n");
	book->able = read_capabilities(book, &effective) == 0 && is_able(book->known[0], book->permitted, effective);
	return book;
}

void rights_free(struct rights_book *book)
{
	if (!book)
		return;
	for (size_t i = 0; i < book->n; i++) {
		free(book->known[i]->lines);
		free(book->known[i]);
	}
	free(book);
}

static bool has_numbers(const struct rights *r)
{
	bool all = r->fsuid != UNMAPPED && r->fsgid != UNMAPPED;

	for (size_t i = 0; i < r->ngroups; i++)
		all &= r->groups[i] != UNMAPPED;
	return all;
}

const struct rights *rights_find(struct rights_book *book, const char *lines)
{
	struct rights *r;

	for (size_t i = 0; i < book->n; i++)
		if (!strcmp(book->known[i]->lines, lines))
			return book->known[i];
	if (!book->able || book->n == RIGHTS_KINDS)
		return NULL;
	r = parse(lines);
	if (!r)
		return NULL;
	if ((!book->whole && !has_numbers(r)) || r->capabilities & ~book->permitted) {
		free(r->lines);
		free(r);
		return NULL;
	}
	book->known[book->n++] = r;
	return r;
}

/* ---- changing ------------------------------------------------------------------------------------------ */

static int set_groups(const struct rights *r)
{
	return syscall(SYS_setgroups, r->ngroups, r->groups) < 0 ? -errno : 0;
}

/* These two tell no failure, but the id before; an id that there cannot be changes nothing and tells what holds. */
static int set_ids(const struct rights *r)
{
	syscall(SYS_setfsgid, r->fsgid);
	syscall(SYS_setfsuid, r->fsuid);
	return (gid_t)syscall(SYS_setfsgid, -1) == r->fsgid && (uid_t)syscall(SYS_setfsuid, -1) == r->fsuid ? 0 :
													      -EPERM;
}

static int set_capabilities(const struct rights_book *book, uint64_t effective)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];

	for (int i = 0; i < 2; i++)
		data[i] = (struct __user_cap_data_struct){ (uint32_t)(effective >> 32 * i),
							   (uint32_t)(book->permitted >> 32 * i),
							   (uint32_t)(book->inheritable >> 32 * i) };
	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

static bool differ(const struct rights *a, const struct rights *b)
{
	return a->ngroups != b->ngroups || memcmp(a->groups, b->groups, a->ngroups * sizeof(a->groups[0])) != 0;
}

void rights_return(const struct rights_book *book, const struct rights *rights)
{
	static const char lost[] = "monitor: cannot come back to its own rights\n";
	const struct rights *own = book->known[0];

	if (rights == own)
		return;
	if (set_capabilities(book, own->capabilities) == 0 && set_ids(own) == 0 &&
	    (!differ(rights, own) || set_groups(own) == 0) && prctl(PR_SET_DUMPABLE, book->dumpable, 0, 0, 0) == 0)
		return;
	/*
	 * no memory for it, or a policy that changed: nothing that is done from here on would be done with
	 * the right rights
	 */
	if (write(STDERR_FILENO, lost, sizeof(lost) - 1) < 0)
		_exit(70);
	abort();
}

int rights_assume(const struct rights_book *book, const struct rights *rights)
{
	const struct rights *own = book->known[0];
	int r;

	if (rights == own)
		return 0;
	r = differ(rights, own) ? set_groups(rights) : 0;
	if (r == 0)
		r = set_ids(rights);
	if (r == 0)
		r = set_capabilities(book, rights->capabilities);
	if (r < 0)
		rights_return(book, rights);
	return r;
}
