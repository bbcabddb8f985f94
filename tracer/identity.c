/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/identity.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/parse.h"
#include "tracer/procfs.h"
#include "tracer/rights.h"
#include "tracer/sight.h"
#include "tracer/status.h"
#include "tracer/statx.h"
#include "tracer/supervisor.h"

/*
 * Whether a thread's opens can be done in its place: path lookup and permission checks must come out as its own would.
 * Its root and mounts must be ours, its rights can be taken on (rights.c). Read once, inherited by children, looked at
 * again after each exec; the calls that change it are caught. After those that change rights all is read again, since
 * they are known when the thread makes its next call; after the others the thread opens for itself until the next exec.
 */

#define LABEL_BYTES 4096 /* a page of the kernel */

struct own_identity {
	uint64_t mounts, users; /* namespaces */
	uint64_t root_mount, root_ino;
	char *status; /* lines: the rights */
	char *label; /* of the security module */
	int filters; /* of seccomp that we are under; -1 = not known */
	struct rights_book *rights; /* of our own identity alone */
};

/*
 * The lines of /proc/TID/status that decide on access, one after the other. Of the ids only the file system's
 * counts.
 */
static int access_lines(const char *text, struct strbuf *out)
{
	static const char *const keys[] = { "Uid", "Gid", "Groups", "CapEff" };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		struct str value = status_line(text, keys[i]);
		const char *tab = str_last(value, '\t');

		if (i < 2 && tab)
			value = (struct str){ tab + 1, value.len - (size_t)(tab + 1 - value.ptr) };
		if (value.len > RIGHTS_GROUPS_BYTES)
			return -E2BIG;
		strbuf_add(out, value.ptr, value.len);
		strbuf_addc(out, '\n');
	}
	return out->failed ? -ENOMEM : 0;
}

static int read_access(pid_t tid, char **ret_lines)
{
	auto_strbuf struct strbuf lines = { 0 };
	auto_free char *text = NULL;
	int r = status_read(tid, &text);

	if (r < 0)
		return r;
	r = access_lines(text, &lines);
	if (r < 0)
		return r;
	*ret_lines = take_ptr(lines.ptr);
	return 0;
}

/*
 * The label, empty where no module gives one: then there is no such file, or nothing to be read in it. One that is
 * there and may not be read is another matter: who wears which is not known then.
 */
static int read_label(pid_t tid, char **ret_label)
{
	char path[PROCFS_PATH_BYTES];
	int r;

	procfs_path(path, tid, "attr/current");
	r = file_read_all_at(procfs_folder(), path, LABEL_BYTES, ret_label, NULL, NULL);
	if (r != -ENOENT && r != -EINVAL)
		return r;
	*ret_label = str_dup(STR(""));
	return *ret_label ? 0 : -ENOMEM;
}

/* tid 0: ours */
static int read_identity(pid_t tid, struct own_identity *ret_identity)
{
	struct statx root;
	char path[PROCFS_PATH_BYTES];
	int r;

	procfs_path(path, tid, "root");
	if (SIGHT(path, statx_ask(procfs_folder(), path, AT_STATX_DONT_SYNC, STATX_INO | STATX_MNT_ID, &root)) < 0)
		return -errno;
	if (!(root.stx_mask & STATX_MNT_ID)) /* before Linux 5.8 */
		return -ENOTSUP;
	ret_identity->root_mount = root.stx_mnt_id;
	ret_identity->root_ino = root.stx_ino;
	ret_identity->mounts = procfs_namespace(tid, "ns/mnt");
	ret_identity->users = procfs_namespace(tid, "ns/user");
	if (!ret_identity->mounts || !ret_identity->users)
		return -ENOTSUP;
	r = read_access(tid, &ret_identity->status);
	if (r == 0)
		r = read_label(tid, &ret_identity->label);
	return r;
}

static void clear(struct own_identity *identity)
{
	free(take_ptr(identity->status));
	free(take_ptr(identity->label));
}

/*
 * The number of seccomp filters that a thread is under; -1 where it is not told (before Linux 5.9), or where
 * it may make no calls but four (strict mode).
 */
static int count_filters(pid_t tid)
{
	auto_free char *text = NULL;
	struct str mode, count;
	int n;

	if (status_read(tid, &text) < 0)
		return -1;
	mode = status_line(text, "Seccomp");
	count = status_line(text, "Seccomp_filters");
	if (str_eq(mode, STR("1")))
		return -1;
	if (!count.len)
		return str_eq(mode, STR("0")) ? 0 : -1;
	return parse_int(count, &n) < 0 ? -1 : n;
}

int identity_init(struct tracer *t)
{
	int r;

	t->own = calloc(1, sizeof(*t->own));
	if (!t->own)
		return -ENOMEM;
	r = read_identity(0, t->own);
	if (r < 0)
		return r;
	t->own->filters = count_filters(0);
	t->own->rights = rights_new(t->own->status);
	return t->own->rights ? 0 : -ENOMEM;
}

void identity_free(struct tracer *t)
{
	if (t->own) {
		clear(t->own);
		if (!t->errands_away) /* else it is still needed */
			rights_free(t->own->rights);
	}
	free(take_ptr(t->own));
}

static bool equal_place(const struct own_identity *a, const struct own_identity *b)
{
	return a->mounts == b->mounts && a->users == b->users && a->root_mount == b->root_mount &&
	       a->root_ino == b->root_ino && !strcmp(a->label, b->label);
}

/*
 * Where every call stops, it does so before the filters that the program installed itself have judged it:
 * made in its place, it would pass them by. We are under all others, too.
 */
static bool has_filters(const struct tracer *t, pid_t tid)
{
	int n = count_filters(tid);

	return n < 0 || n != t->own->filters;
}

bool identity_assumable(struct tracer *t, struct tracee *tracee)
{
	struct own_identity theirs = { 0 };

	if (!tracee || !t->own)
		return false;
	if (tracee->identity == IDENTITY_UNKNOWN || tracee->identity == IDENTITY_EXECUTING) {
		tracee->rights = read_identity(tracee->tid, &theirs) == 0 && equal_place(t->own, &theirs) ?
					 rights_find(t->own->rights, theirs.status) :
					 NULL;
		tracee->identity = tracee->rights ? IDENTITY_SAME : IDENTITY_OTHER;
		clear(&theirs);
	}
	return tracee->identity == IDENTITY_SAME && !(t->every_call && has_filters(t, tracee->tid));
}

void identity_lend(const struct tracer *t, struct errand *e)
{
	e->book = t->own->rights;
	e->rights = t->pending.tracee->rights;
}

/*
 * An exec changes neither groups, namespaces nor the root. Where no module gives us a label, none gives one
 * to others.
 */
void identity_executed(struct tracer *t, struct tracee *tracee)
{
	const struct procfs_task *task = decode_memo_task(t->memo, tracee->tid);
	const struct rights *rights = tracee->rights;

	if (tracee->identity != IDENTITY_EXECUTING)
		return;
	tracee->identity = task && rights && t->own && !t->own->label[0] &&
					   task->fsuid == rights->fsuid && task->fsgid == rights->fsgid &&
					   task->cap_effective == rights->capabilities ?
				   IDENTITY_SAME :
				   IDENTITY_UNKNOWN;
}

enum identity identity_of_stranger(const struct tracer *t)
{
	return t->confining ? IDENTITY_CONFINED : IDENTITY_UNKNOWN;
}

static void spoil_one(void *context, struct tracee *tracee)
{
	(void)context;
	if (tracee->identity != IDENTITY_CONFINED)
		tracee->identity = IDENTITY_OTHER;
}

/* Newer kernels can do it to all threads of a process. */
static void confine_one(void *process, struct tracee *tracee)
{
	if (tracee->process == process)
		tracee->identity = IDENTITY_CONFINED;
}

void identity_spoil(struct tracer *t, struct tracee *tracee, unsigned int traits)
{
	/*
	 * Credentials belong to the thread. Roots and mounts may be shared with threads and processes (CLONE_FS), and
	 * pivot_root moves others; these calls are rare, so all who run now lose the short way until they execute.
	 */
	if (traits & CALL_CONFINE)
		t->confining = true;
	t->slow.apart |= (traits & CALL_ROOT) != 0;
	if (traits & CALL_ROOT && tracee)
		tracee->process->other_ids = tracee->process->fs_apart = true;
	if (traits & CALL_ROOT)
		tracees_each(&t->tracees, spoil_one, NULL);
	else if (tracee && traits & CALL_CONFINE)
		tracees_each(&t->tracees, confine_one, tracee->process);
	else if (tracee && tracee->identity != IDENTITY_OTHER && tracee->identity != IDENTITY_CONFINED)
		tracee->identity = tracee->changes++ < RIGHTS_CHANGES ? IDENTITY_UNKNOWN : IDENTITY_OTHER;
}
