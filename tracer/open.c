/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/supervisor.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/parse.h"
#include "tracer/creation.h"
#include "tracer/notify.h"
#include "tracer/statx.h"

/*
 * Opens done in the caller's place. Whatever the path leads to when we open it is what the caller gets, so a rule
 * that looks at our descriptor cannot be raced: neither by changing the path's bytes nor by moving links and mounts.
 *
 * Only where nobody can tell the difference: regular files and directories on ordinary file systems, for
 * callers with our own view, and with their rights. We look before we open (an O_PATH descriptor has no
 * effect on what it names), and what is looked at is opened by descriptor. Everything else the caller opens
 * itself, and we look behind the call.
 */

/* Symlinks of /proc lead to where the caller, not we, would come; its other links are found by their file system. */
#define RESOLVE_ALWAYS (RESOLVE_NO_MAGICLINKS)

#define FLAGS_KNOWN                                                                                                   \
	(O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND | O_NONBLOCK | O_SYNC | O_DSYNC | O_DIRECT |     \
	 O_LARGEFILE | O_DIRECTORY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC | O_PATH | __O_TMPFILE_BIT | O_ASYNC)
#define __O_TMPFILE_BIT 020000000
#define FLAGS_OF_PATH	(O_DIRECTORY | O_NOFOLLOW | O_PATH | O_CLOEXEC)
#define FLAGS_SETTABLE	(O_APPEND | O_NONBLOCK | O_DIRECT | O_NOATIME)

struct open_args {
	int dirfd; /* the caller's number */
	uint64_t flags, mode, resolve;
	bool by_name; /* it has effects on what the path leads to */
	bool made; /* at the first try, which a signal broke off */
	mode_t mask; /* the caller's, of those */
	size_t path_len;
};

struct look {
	int error; /* 0 = there is something */
	bool links; /* the path leads through symlinks, or may */
	bool plain; /* a regular file or a directory */
};

/* An open that is made in the caller's place. */
struct opening {
	struct errand errand; /* first; the path is its path */
	struct open_args args;
	struct look look;
	uint64_t resolve; /* RESOLVE_CACHED: quickly, or not at all */
	uint64_t *linked; /* as of the tracer; NULL = nothing is known of paths */
	dev_t ordinary_dev; /* known to be; 0 = none */
	int fd; /* or negative errno */
	bool acceptable, created;
	struct stat st;
};

/* ---- arguments ----------------------------------------------------------------------------------------- */

static int read_how(struct call *c, struct open_args *a)
{
	struct open_how how;
	int r;

	if (c->args[3] != sizeof(how))
		return -EINVAL;
	r = memory_read(c->memory, c->args[2], &how, sizeof(how));
	if (r < 0)
		return r;
	if (how.mode & ~(how.flags & (O_CREAT | __O_TMPFILE_BIT) ? 07777ull : 0))
		return -EINVAL;
	if (how.flags & O_PATH && how.flags & ~(uint64_t)FLAGS_OF_PATH) /* others leave out what is too much */
		return -EINVAL;
	a->flags = how.flags;
	a->mode = how.mode;
	a->resolve = how.resolve;
	c->has_how = true;
	c->how[0] = how.flags;
	c->how[1] = how.mode;
	c->how[2] = how.resolve;
	return 0;
}

static int read_args(struct tracer *t, struct open_args *a)
{
	struct call *c = &t->pending.call;
	uint64_t path = c->args[1];
	ssize_t n;
	int r = 0;

	*a = (struct open_args){ .dirfd = (int)c->args[0] };
	switch (c->number) {
#ifdef SYS_open
	case SYS_open:
		a->dirfd = AT_FDCWD;
		path = c->args[0];
		a->flags = (uint32_t)c->args[1] & FLAGS_KNOWN;
		a->mode = c->args[2] & 07777;
		break;
#endif
#ifdef SYS_creat
	case SYS_creat:
		a->dirfd = AT_FDCWD;
		path = c->args[0];
		a->flags = O_CREAT | O_WRONLY | O_TRUNC;
		a->mode = c->args[1] & 07777;
		break;
#endif
	case SYS_openat:
		a->flags = (uint32_t)c->args[2] & FLAGS_KNOWN;
		a->mode = c->args[3] & 07777;
		break;
	default:
		r = read_how(c, a);
	}
	if (r < 0 || !c->memory)
		return r < 0 ? r : -ESRCH;
	n = memory_read_string(c->memory, path, t->path, sizeof(t->path));
	if (n <= 0)
		return n < 0 ? (int)n : -ENOENT;
	t->path[n] = '\0';
	a->path_len = (size_t)n;
	/* the event shows the path that was opened, whatever the bytes say by then */
	t->pending.call.path = (struct str){ t->path, (size_t)n };
	if (a->flags & O_PATH)
		a->flags &= FLAGS_OF_PATH;
	if (!(a->flags & (O_CREAT | __O_TMPFILE_BIT)))
		a->mode = 0;
	return 0;
}

/*
 * Kinds of opens that are not worth reproducing. To make a directory is refused, in an order of the kernel's
 * own. Who is asked whether a file may be opened (fanotify) may be in a call himself, and wait for us.
 */
static bool is_special(const struct tracer *t, const struct open_args *a)
{
	uint64_t access = a->flags & O_ACCMODE;
	bool folder = a->flags & O_DIRECTORY || (a->path_len && t->path[a->path_len - 1] == '/');

	if (t->others_asked && !(a->flags & O_PATH))
		return true;
	return (a->flags & O_CREAT && folder) || a->flags & (__O_TMPFILE_BIT | O_ASYNC) || access == O_ACCMODE ||
	       (a->flags & ~(uint64_t)FLAGS_KNOWN) ||
	       (access == O_RDONLY && a->flags & O_TRUNC) ||
	       a->resolve & ~(uint64_t)(RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
}

/* ---- looking ------------------------------------------------------------------------------------------- */

static bool is_plain_error(int error)
{
	return error == -ENOENT || error == -ENOTDIR || error == -EACCES || error == -ENAMETOOLONG;
}

#define ORDINARY_NS 100000000ull /* device numbers are used again after an unmount */

/* What may be handed on. */
static bool is_acceptable(const struct opening *o, int fd, struct stat *ret_st)
{
	if (fstat(fd, ret_st) < 0 || !(S_ISREG(ret_st->st_mode) || S_ISDIR(ret_st->st_mode)))
		return false;
	return ret_st->st_dev == o->ordinary_dev || lookup_is_ordinary(&o->errand.lookup, fd);
}

static void remember_ordinary(struct tracer *t, const struct opening *o)
{
	if (o->st.st_dev == o->ordinary_dev)
		return;
	t->ordinary_dev = o->st.st_dev;
	t->ordinary_since = t->pending.since;
}

static int find(struct opening *o, int base, uint64_t flags, uint64_t mode, uint64_t resolve)
{
	int fd = lookup_open(base, o->errand.path, flags, mode, resolve | RESOLVE_ALWAYS | o->resolve);

	o->errand.lookup.unknown |= fd == -EAGAIN || (fd == -EINVAL && o->resolve);
	return fd;
}

/* What the kernel knows of the type. 0, or negative errno. */
static int look_quickly(struct opening *o, int base, bool follow, struct statx *ret_st)
{
	auto_fd int fd = find(o, base, O_PATH | (follow ? 0 : O_NOFOLLOW), 0, 0);

	if (fd < 0)
		return fd;
	return statx_ask(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, ret_st) < 0 ? -errno : 0;
}

/* Looks without opening: only what is plain may be opened at all, since opening a device or a FIFO has effects. */
static void look(struct opening *o, int base)
{
	const struct open_args *a = &o->args;
	struct look *l = &o->look;
	bool follow = !(a->flags & O_NOFOLLOW) && (a->flags & (O_CREAT | O_EXCL)) != (O_CREAT | O_EXCL);
	struct statx st;

	*l = (struct look){ 0 };
	if (o->resolve)
		l->error = look_quickly(o, base, follow, &st);
	else if (statx_ask(base, o->errand.path, AT_NO_AUTOMOUNT | (follow ? 0 : AT_SYMLINK_NOFOLLOW), STATX_TYPE,
			   &st) < 0)
		l->error = -errno;
	if (!l->error)
		l->plain = S_ISREG(st.stx_mode) || S_ISDIR(st.stx_mode);
}

/*
 * Whether a failed look may be told to the caller as its own failure: no symlink is on the way, which could lead to
 * where the caller sees other things than we do.
 */
static bool is_own_failure(struct opening *o, int base, int error)
{
	const struct open_args *a = &o->args;
	auto_fd int fd = -1;

	if (!is_plain_error(error) || lookup_mentions_proc(o->errand.path))
		return false;
	fd = find(o, base, O_PATH | (a->flags & (O_NOFOLLOW | O_DIRECTORY)), 0, a->resolve | RESOLVE_NO_SYMLINKS);
	return fd == error;
}

/* ---- opening ------------------------------------------------------------------------------------------- */

/*
 * The first try takes no symlinks: when it succeeds, the path as written is the real one. It is left out for
 * paths that last led through symlinks, as those of libraries do: what they lead to now is asked for behind
 * the open anyway.
 */
static int open_path(struct opening *o, int base, uint64_t flags)
{
	const struct open_args *a = &o->args;
	uint64_t hash = str_hash((struct str){ o->errand.path, a->path_len });
	uint64_t *linked = o->linked ? &o->linked[hash % OPEN_LINKED_PATHS] : NULL;
	int fd;

	if (!linked || *linked != hash) {
		fd = find(o, base, flags, a->mode, a->resolve | RESOLVE_NO_SYMLINKS);
		if (fd != -ELOOP || a->resolve & RESOLVE_NO_SYMLINKS)
			return fd;
	}
	o->look.links = true;
	fd = find(o, base, flags, a->mode, a->resolve);
	if (fd >= 0 && linked)
		*linked = hash;
	return fd;
}

/*
 * Opens with effects go by the path, since permissions of creating and sticky directories hang on it. What is not
 * there is made exclusively, so that we know who made it; not what a symlink leads to, or somebody made meanwhile.
 */
static int open_creating(struct opening *o, int base)
{
	uint64_t flags = o->args.flags | O_NONBLOCK | O_NOCTTY;
	mode_t own = umask(o->args.mask);
	int fd = o->look.error ? open_path(o, base, flags | O_EXCL) : -EEXIST;

	o->created = fd >= 0;
	if (fd == -EEXIST)
		fd = open_path(o, base, flags);
	umask(own);
	return fd;
}

/*
 * What the path leads to now may be another thing than a moment ago: NONBLOCK then keeps us from waiting (for
 * a FIFO's writer, a lease's holder), and only regular files and directories are handed on. Asked for a
 * directory, or to look, the kernel opens nothing that one waits for.
 */
static int open_plain(struct opening *o, int base)
{
	uint64_t flags = o->args.flags;

	return open_path(o, base, flags & (O_PATH | O_DIRECTORY) ? flags : flags | O_NONBLOCK | O_NOCTTY);
}

static void read_real_path(struct tracer *t, const struct open_args *a, const struct look *l, int fd)
{
	char name[16];
	ssize_t n;

	/* a path without links, dots and doubled slashes is the real one */
	if (t->path[0] == '/' && !l->links && !strstr(t->path, "/.") && !strstr(t->path, "//") &&
	    t->path[a->path_len - 1] != '/') {
		t->ext.real_path = (struct str){ t->path, a->path_len };
		return;
	}
	snprintf(name, sizeof(name), "%d", fd);
	n = readlinkat(t->own_fds, name, t->real_path, sizeof(t->real_path));
	if (n > 0 && (size_t)n < sizeof(t->real_path) && t->real_path[0] == '/')
		t->ext.real_path = (struct str){ t->real_path, (size_t)n };
}

static void set_real_path(struct tracer *t, const struct open_args *a, const struct look *l, int fd,
			  const struct stat *st)
{
	struct str link;

	read_real_path(t, a, l, fd);
	/* on behalf means that the caller's root and mounts are ours */
	link = links_find(t->links, 0, fd, "", st, t->ext.real_path, t->mounted);
	if (link.len)
		t->ext.real_path = link;
}

static enum open_way fail(struct tracer *t, int error)
{
	t->pending.value = error;
	return OPEN_DONE;
}

/*
 * Who may write can next execute the file, or let somebody do so who is not monitored, and it must not be
 * busy through our descriptor; who made it may lock it, and a lock lasts as long as one of the descriptors.
 * Where a call returns in the same step in which it gets its descriptor, ours is open for a moment longer:
 * these then hold the call until ours is closed.
 */
static bool has_effects(const struct open_args *a)
{
	return (a->flags & O_ACCMODE) != O_RDONLY || a->flags & O_CREAT;
}

/* The caller will make the call again, and the file is there by then. */
static void owe_file(struct tracer *t, const struct stat *st)
{
	struct owed *owed = owed_begin(t);

	if (!owed)
		return;
	owed->what = OWED_FILE;
	owed->dev = st->st_dev;
	owed->ino = st->st_ino;
}

static bool is_owed_file(const struct tracer *t, const struct stat *st)
{
	const struct owed *owed = &t->pending.tracee->owed;

	return owed->dev == st->st_dev && owed->ino == st->st_ino;
}

/* What hands a descriptor over says of a caller that does not wait any more. */
static bool is_gone(int number)
{
	return number == -ENOENT || number == -ESRCH;
}

static enum open_way done(struct tracer *t, const struct stat *st)
{
	t->opened = *st;
	t->pending.call.object = &t->opened;
	return OPEN_DONE;
}

/* Hands fd to the caller; one that holds it up is kept for the event. */
static enum open_way deliver(struct tracer *t, const struct open_args *a, const struct look *l, int fd,
			     const struct stat *st)
{
	/* who asks where the call came from, or what else the caller has open, must find it still there */
	bool quiet =
		!t->options.tell_all && !filter_wants_success(t->filter, t->pending.call.number, t->pending.call.args);
	bool holds = !(t->killable || (t->finishes && !has_effects(a))) ||
		     (t->facts & (FACT_CALLER | FACT_FDS) && !quiet);
	int number;

	/* the caller can ask for the flags of a directory, too, which do nothing there */
	if (!(a->flags & (O_NONBLOCK | O_PATH | O_DIRECTORY)) &&
	    fcntl(fd, F_SETFL, (int)(a->flags & FLAGS_SETTABLE)) < 0) {
		close(fd);
		return OPEN_CHECK;
	}
	if (!quiet)
		set_real_path(t, a, l, fd, st);
	t->pending.quiet = quiet;
	crowd_injects(t);
	/*
	 * who is killed before he has his descriptor has read nothing, but what was made or cut off by then
	 * is told: it is not queued
	 */
	if (!holds && !has_effects(a) && inject_queue(t, fd, st, a->flags & O_CLOEXEC))
		return OPEN_QUEUED;
	number = near_hand_over(t, fd, a->flags & O_CLOEXEC, holds);
	if (number < 0) {
		if (holds)
			close(fd);
		if (is_gone(number) && t->killable && a->by_name && !quiet) {
			t->pending.value = NUMBER_OF_NOBODY;
			return done(t, st);
		}
		t->ext.real_path = (struct str){ "", 0 };
		t->pending.quiet = false;
		if (number == -EMFILE || number == -ENFILE)
			return fail(t, number);
		/* it was gone before, or left while it was to take the descriptor */
		if (!is_gone(number))
			return OPEN_CHECK;
		if (a->flags & O_CREAT && (a->flags & O_EXCL || a->made))
			owe_file(t, st);
		return t->killable ? OPEN_ENTRY : OPEN_GONE;
	}
	t->pending.answered = !holds;
	if (holds)
		t->pending.call.object_fd = fd;
	t->pending.value = number;
	return done(t, st);
}

/* Made for this call: the caller could not make it again, so it is handed on whatever file system it lies on. */
static bool is_new(const struct open_args *a, const struct stat *st)
{
	return a->flags & O_CREAT && a->flags & O_EXCL && S_ISREG(st->st_mode);
}

/* Whether what we are refused the caller is refused, too: not so in /proc, where a file is about who opens it. */
static bool is_refused_alike(struct opening *o, int base)
{
	bool follow = !(o->args.flags & (O_NOFOLLOW | O_EXCL));
	auto_fd int fd = find(o, base, O_PATH | (follow ? 0 : O_NOFOLLOW), 0, o->args.resolve);

	return fd >= 0 ? lookup_is_ordinary(&o->errand.lookup, fd) : !lookup_mentions_proc(o->errand.path);
}

/* With the caller's rights: a descriptor, the failure that it would be told as well, or -EOPNOTSUPP. */
static int open_at(struct opening *o, int base)
{
	const struct open_args *a = &o->args;
	bool exclusive = a->flags & O_CREAT && a->flags & O_EXCL;
	struct look *l = &o->look;
	int fd;

	/* asked for a directory, the kernel opens nothing else: no device, no FIFO. Failures are looked at. */
	if (a->flags & O_DIRECTORY && !a->by_name) {
		fd = open_plain(o, base);
		if (fd >= 0)
			return fd;
	}
	look(o, base);
	if (l->error && !(l->error == -ENOENT && a->flags & O_CREAT))
		return is_own_failure(o, base, l->error) ? l->error : -EOPNOTSUPP;
	if (l->error ? lookup_mentions_proc(o->errand.path) : !l->plain && !exclusive)
		return -EOPNOTSUPP;
	fd = a->by_name ? open_creating(o, base) : open_plain(o, base);
	/* by now who holds the lease may have given it up, and the caller's own open would not be told to wait */
	if (fd == -EAGAIN && a->flags & O_NONBLOCK && !o->resolve)
		return fd;
	if (fd == -ENOENT) /* there is no folder to make it in */
		return is_own_failure(o, base, fd) ? fd : -EOPNOTSUPP;
	if (fd == -EACCES || fd == -EISDIR || fd == -EROFS || fd == -EPERM || fd == -ENOTDIR || fd == -EEXIST ||
	    fd == -ETXTBSY)
		return is_refused_alike(o, base) ? fd : -EOPNOTSUPP;
	return fd < 0 ? -EOPNOTSUPP : fd;
}

static void act(struct errand *e)
{
	struct opening *o = (struct opening *)e;
	const struct open_args *a = &o->args;
	int base = lookup_base(&e->lookup, e->path, a->dirfd, a->flags & O_CREAT);

	if (base < 0 && base != AT_FDCWD)
		return;
	if (errand_assume(e)) {
		o->fd = open_at(o, base);
		errand_return(e);
		o->acceptable = o->fd >= 0 && is_acceptable(o, o->fd, &o->st);
	}
	if (base >= 0)
		close(base);
}

/* What makes or cuts off takes locks in any case. */
static bool quick(struct errand *e)
{
	struct opening *o = (struct opening *)e;

	if (o->args.by_name)
		return false;
	e->lookup.quick = true;
	o->resolve = RESOLVE_CACHED;
	e->act(e);
	if (!e->lookup.unknown)
		return true;
	if (o->fd >= 0)
		close(o->fd);
	o->fd = -EOPNOTSUPP;
	o->look = (struct look){ 0 };
	o->acceptable = e->lookup.quick = e->lookup.unknown = e->lookup.waits = false;
	o->resolve = 0;
	return false;
}

static bool keep(struct errand *e)
{
	struct opening *o = (struct opening *)e;

	o->linked = NULL;
	return true;
}

static void release(struct errand *e)
{
	struct opening *o = (struct opening *)e;

	if (o->fd >= 0)
		close(o->fd);
}

static enum open_way settle(struct tracer *t, struct errand *e)
{
	struct opening *o = (struct opening *)e;
	const struct open_args *a = &o->args;
	auto_fd int fd = o->fd;

	o->fd = -1;
	t->pending.waits |= e->lookup.waits;
	t->pending.call.created = o->created;
	/* a full table comes before what the path leads to */
	if (fd < 0)
		return fd == -EOPNOTSUPP || creation_may_be_full(t->pending.call.tid) ? OPEN_CHECK : fail(t, fd);
	if (o->acceptable)
		remember_ordinary(t, o);
	else if (!is_new(a, &o->st))
		return OPEN_CHECK;
	if (a->made && !is_owed_file(t, &o->st))
		return fail(t, -EEXIST);
	return deliver(t, a, &o->look, take_fd(fd), &o->st);
}

/* Begins an opening for the pending call, whose path is in t->path. */
static struct opening opening_of(const struct tracer *t, const struct open_args *a)
{
	struct opening o = {
		.errand = { .act = act, .quick = quick, .settle = settle, .keep = keep, .release = release,
			    .leaves = a->by_name },
		.args = *a,
		.linked = (uint64_t *)t->linked,
		.ordinary_dev = t->pending.since - t->ordinary_since < ORDINARY_NS ? t->ordinary_dev : 0,
		.fd = -EOPNOTSUPP,
	};

	identity_lend(t, &o.errand);
	return o;
}

static void act_exec(struct errand *e)
{
	struct opening *o = (struct opening *)e;
	int base = lookup_base(&e->lookup, e->path, AT_FDCWD, false);

	if (base < 0 && base != AT_FDCWD)
		return;
	if (errand_assume(e)) {
		look(o, base);
		if ((o->look.error == -ENOENT || o->look.error == -ENOTDIR) && is_own_failure(o, base, o->look.error))
			o->fd = o->look.error;
		errand_return(e);
	}
	if (base >= 0)
		close(base);
}

static enum open_way settle_exec(struct tracer *t, struct errand *e)
{
	const struct opening *o = (struct opening *)e;

	t->pending.waits |= e->lookup.waits;
	return o->fd == -EOPNOTSUPP ? OPEN_CHECK : fail(t, o->fd);
}

enum open_way open_exec_failure(struct tracer *t, size_t path_len)
{
	struct open_args a = { .dirfd = AT_FDCWD, .path_len = path_len };
	struct opening o;

	if (!t->pending.notified || !identity_assumable(t, t->pending.tracee))
		return OPEN_CHECK;
	o = opening_of(t, &a);
	o.errand.act = act_exec;
	o.errand.settle = settle_exec;
	return errand_do(t, &o.errand, sizeof(o));
}

enum open_way open_pending(struct tracer *t)
{
	struct open_args a;
	struct opening o;
	int r;

	/* nothing is opened that could not be handed over: it may have been made by then */
	if (!t->pending.notified || !t->injects)
		return OPEN_CHECK;
	r = read_args(t, &a);
	if (r == -ESRCH)
		return OPEN_ENTRY;
	if (r == -EINVAL || is_special(t, &a) || !identity_assumable(t, t->pending.tracee))
		return OPEN_CHECK;
	/* what we could not read is told to the caller as the kernel would: it may be there when the kernel looks */
	if (r < 0)
		return r == -EAGAIN || (r == -EFAULT && !entry_is_unmapped(t)) ? OPEN_CHECK : fail(t, r);
	a.made = owed_now(t) == OWED_FILE;
	if (a.made) {
		t->pending.tracee->owed.what = OWED_NOTHING;
		a.flags = (a.flags & ~(uint64_t)O_EXCL) | O_NOFOLLOW;
	}
	a.by_name = a.flags & (O_CREAT | O_TRUNC);
	if (a.by_name && (!t->own_mask || !creation_has_room(t->pending.call.tid) ||
			  creation_mask(t->pending.tracee, &a.mask) < 0))
		return OPEN_CHECK;
	/*
	 * no need to ask whether the caller still waits: the id of a seized thread is not used again before
	 * we reap it
	 */
	o = opening_of(t, &a);
	return errand_do(t, &o.errand, sizeof(o));
}
