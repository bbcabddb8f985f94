/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors that are no sockets: opened, copied, closed. */
#include <errno.h>
#include <inttypes.h>

#include "state/internal.h"
#include "state/ppm.h"

/* ---- the open family ---- */

/* Where an open event has its parameters; -1 = it has none of that kind. */
struct open_layout {
	uint16_t type;
	int8_t dirfd, name, flags, dev, ino, enter_dirfd, enter_name, enter_flags;
};

static const struct open_layout open_layouts[] = {
	{ EV_SYSCALL_OPENAT_2_X, 1, 2, 3, 5, 6, 0, 1, 2 },
	{ EV_SYSCALL_OPEN_X, -1, 1, 2, 4, 5, -1, 0, 1 },
	{ EV_SYSCALL_CREAT_X, -1, 1, -1, 3, 4, -1, 0, -1 },
	{ EV_SYSCALL_OPENAT2_X, 1, 2, 3, 6, 7, 0, 1, 2 },
	{ EV_SYSCALL_OPEN_BY_HANDLE_AT_X, -1, 3, 2, 4, 5, -1, -1, -1 },
};

static const struct open_layout *open_layout(uint16_t type)
{
	const struct open_layout *l = open_layouts;

	while (l->type != type)
		l++;
	return l;
}

/* creat has no flags; on which layer the file lies is told apart. */
static uint32_t creat_flags(const struct event *ev)
{
	uint64_t told = event_param_uint(ev, 5);

	if (!event_has(ev, 4))
		return 0;
	if (told & PPM_CREAT_UPPER_LAYER)
		return PPM_FD_UPPER_LAYER;
	return told & PPM_CREAT_LOWER_LAYER ? PPM_FD_LOWER_LAYER : 0;
}

/* What the call asked for: as the exit event has it, or as it was at entry, where memory could not change since. */
struct open_request {
	struct str name;
	uint32_t flags;
	int64_t dirfd;
	bool has_dirfd;
};

static struct open_request open_request(const struct open_layout *l, const struct event *ev, const struct event *enter)
{
	struct open_request q = { .name = event_param_text(ev, (unsigned int)l->name) };
	struct str name;

	q.flags = l->flags < 0 ? creat_flags(ev) : event_u32(ev, (unsigned int)l->flags);
	if (l->dirfd >= 0) {
		q.has_dirfd = event_has(ev, (unsigned int)l->dirfd);
		q.dirfd = event_fd(ev, (unsigned int)l->dirfd);
		if (!event_has(ev, (unsigned int)l->name))
			q.name = STR("<NA>");
	}
	if (!enter || l->enter_name < 0 || !event_has(enter, (unsigned int)l->enter_name))
		return q;
	name = event_param_text(enter, (unsigned int)l->enter_name);
	if (str_eq(name, STR("<NA>")))
		return q;
	q.name = name;
	if (l->enter_flags >= 0)
		q.flags = (uint32_t)event_param_uint(enter, (unsigned int)l->enter_flags) |
			  (q.flags & ~(uint32_t)(PPM_O_F_CREATED - 1));
	if (l->enter_dirfd >= 0) {
		q.has_dirfd = event_has(enter, (unsigned int)l->enter_dirfd);
		q.dirfd = event_param_int(enter, (unsigned int)l->enter_dirfd);
	}
	return q;
}

static struct str open_path(struct state *s, const struct open_layout *l, const struct open_request *q,
			    struct thread *t, bool *ret_dir_unknown)
{
	struct str dir = STR("");

	if (paths_is_folded(q->name))
		return q->name;
	if (l->dirfd < 0 && l->enter_name >= 0)
		dir = paths_directory(s->directory, t, PATHS_AT_FDCWD, q->name);
	else if (q->has_dirfd)
		dir = paths_directory(s->directory, t, q->dirfd, q->name);
	*ret_dir_unknown = str_eq(dir, STR("<UNKNOWN>"));
	return paths_join(s->path, dir, q->name);
}

struct fd *parse_open_fd(struct state *s, const struct event *ev, const struct event *enter, struct thread *t,
			 int64_t number, bool *ret_dir_unknown)
{
	const struct open_layout *l = open_layout(ev->type);
	struct open_request q = open_request(l, ev, enter);
	struct str path;
	struct fd *fd;

	*ret_dir_unknown = false;
	if (event_param_unknown(ev, (unsigned int)l->name))
		return NULL;
	path = open_path(s, l, &q, t, ret_dir_unknown);
	fd = fd_new(q.flags & PPM_O_DIRECTORY ? FD_DIRECTORY : FD_FILE_V2, number);
	if (!fd)
		return NULL;
	fd->open_flags = q.flags;
	if (event_has(ev, (unsigned int)l->ino)) {
		fd->dev = event_u32(ev, (unsigned int)l->dev);
		fd->ino = event_u64(ev, (unsigned int)l->ino);
	}
	if (q.flags & PPM_FD_UPPER_LAYER)
		fd->flags |= FDF_OVERLAY_UPPER;
	if (q.flags & PPM_FD_LOWER_LAYER)
		fd->flags |= FDF_OVERLAY_LOWER;
	if (fd_set_name(fd, path) == 0) {
		fd->name_raw = fd->name && (path.ptr == q.name.ptr || str_eq(path, q.name)) ? rstr_ref(fd->name) :
											      rstr_new(q.name);
		if (fd->name_raw)
			return fd;
	}
	fd_unref(fd);
	return NULL;
}

int parse_open(struct state *s, const struct event *ev, struct subject *sub)
{
	int64_t number = event_result(ev);
	struct event enter;
	bool entered, dir_unknown;

	if (!sub->thread || number < 0)
		return 0;
	entered = sub->thread->enter_len && parse_enter_event(sub, ev, &enter);
	return subject_put_fd(s, sub, parse_open_fd(s, ev, entered ? &enter : NULL, sub->thread, number, &dir_unknown));
}

/* ---- closing ---- */

int parse_close(struct state *s, const struct event *ev, struct subject *sub)
{
	if (!sub->thread || !sub->fd || event_result(ev) < 0)
		return 0;
	s->pending = true;
	s->close_thread = sub->thread; /* rules still see it */
	s->close_number = sub->fd->number;
	return 0;
}

struct range {
	int64_t first, last;
};

static bool in_range(void *context, const struct fd *fd)
{
	const struct range *range = context;

	return fd->number >= range->first && fd->number <= range->last;
}

int parse_close_range(struct state *s, const struct event *ev, struct subject *sub)
{
	struct range range = { (int64_t)event_param_uint(ev, 1), (int64_t)event_param_uint(ev, 2) };
	struct fdtable *fds;
	struct fd *fd;
	int64_t n, end;

	if (!sub->thread || event_result(ev) < 0)
		return 0;
	fds = sub->thread->fds;
	if (!(event_param_uint(ev, 3) & PPM_CLOSE_RANGE_CLOEXEC)) {
		s->fds_removed += fdtable_drop(fds, in_range, &range);
		return 0;
	}
	end = fds->high.count ? STATE_FDS_PER_PROC : (int64_t)fds->direct_len;
	for (n = range.first; n <= range.last && n < end; n++) {
		fd = fdtable_own(fds, n);
		if (fd)
			fd->open_flags |= PPM_O_CLOEXEC;
	}
	return 0;
}

/* ---- copies ---- */

static void clear_cloexec(struct fd *fd)
{
	fd->open_flags &= ~(uint32_t)PPM_O_CLOEXEC;
	if (fd->type == FD_EVENTPOLL)
		fd->open_flags &= ~(uint32_t)PPM_EPOLL_CLOEXEC;
	if (fd->type == FD_MEMFD)
		fd->open_flags &= ~(uint32_t)PPM_MFD_CLOEXEC;
}

static int put_copy(struct state *s, struct subject *sub, const struct fd *from, int64_t number, bool cloexec)
{
	struct fd *fd = fd_copy(from);

	if (!fd)
		return -ENOMEM;
	fd->number = number;
	clear_cloexec(fd);
	if (cloexec)
		fd->open_flags |= PPM_O_CLOEXEC;
	return subject_put_fd(s, sub, fd);
}

int parse_dup(struct state *s, const struct event *ev, struct subject *sub)
{
	int64_t number = event_result(ev);
	uint32_t flag = 0;
	bool cloexec;

	if (!sub->thread || !sub->fd || number < 0)
		return 0;
	if (number == 0)
		flag = THREAD_PIPE_DST;
	else if (number == 1)
		flag = THREAD_PIPE_SRC;
	if (flag & ~sub->thread->flags) {
		sub->thread->flags |= flag;
		threads_changed(sub->thread, FACT_FLAGS);
	}
	cloexec = ev->type == EV_SYSCALL_DUP3_X && event_param_uint(ev, 3) & PPM_O_CLOEXEC;
	return put_copy(s, sub, sub->fd, number, cloexec);
}

int parse_fcntl(struct state *s, const struct event *ev, struct subject *sub)
{
	uint64_t command = event_param_uint(ev, 2);
	int64_t number = event_result(ev);

	if (command != PPM_FCNTL_F_DUPFD && command != PPM_FCNTL_F_DUPFD_CLOEXEC && command != PPM_FCNTL_F_SETFD)
		return 0;
	if (!sub->thread || !sub->fd || number < 0)
		return 0;
	if (command != PPM_FCNTL_F_SETFD)
		return put_copy(s, sub, sub->fd, number, command == PPM_FCNTL_F_DUPFD_CLOEXEC);
	if (!subject_own_fd(sub))
		return -ENOMEM;
	clear_cloexec(sub->fd);
	if (event_param_uint(ev, 3) & FCNTL_FD_CLOEXEC)
		sub->fd->open_flags |= PPM_O_CLOEXEC;
	return 0;
}

int parse_pidfd_getfd(struct state *s, const struct event *ev, struct subject *sub)
{
	int64_t number = event_result(ev);
	const struct fd *pidfd, *from;
	const struct thread *target;

	if (!sub->thread || number < 0)
		return 0;
	pidfd = fdtable_get(sub->thread->fds, event_param_int(ev, 1));
	if (!pidfd || pidfd->type != FD_PIDFD)
		return 0;
	target = table_get(&s->threads.by_tid, pidfd->pid);
	from = target ? fdtable_get(target->fds, event_param_int(ev, 2)) : NULL;
	return from ? put_copy(s, sub, from, number, true) : 0;
}

/* ---- made from nothing ---- */

static struct fd *new_pipe_end(const struct event *ev, int64_t number)
{
	struct fd *fd = fd_new(FD_FIFO, number);

	if (!fd)
		return NULL;
	fd->ino = event_param_uint(ev, 3);
	fd->open_flags = ev->type == EV_SYSCALL_PIPE2_X ? (uint32_t)event_param_uint(ev, 4) : 0;
	return fd;
}

int parse_pipe(struct state *s, const struct event *ev, struct subject *sub)
{
	int64_t first = event_param_int(ev, 1), second = event_param_int(ev, 2);
	int r;

	if (!sub->thread || event_result(ev) < 0 || first < 0 || second < 0)
		return 0;
	r = subject_put_fd(s, sub, new_pipe_end(ev, first));
	return r < 0 ? r : subject_put_fd(s, sub, new_pipe_end(ev, second));
}

/* Descriptors without a name: what they are, and which parameter has their flags. */
struct anonymous {
	uint16_t type;
	int8_t flags; /* -1 = none kept */
	enum fd_type fd_type;
};

static const struct anonymous anonymous[] = {
	{ EV_SYSCALL_EVENTFD_X, -1, FD_EVENT },		  { EV_SYSCALL_EVENTFD2_X, 1, FD_EVENT },
	{ EV_SYSCALL_SIGNALFD_X, -1, FD_SIGNALFD },	  { EV_SYSCALL_SIGNALFD4_X, 1, FD_SIGNALFD },
	{ EV_SYSCALL_TIMERFD_CREATE_X, 2, FD_TIMERFD },	  { EV_SYSCALL_INOTIFY_INIT_X, -1, FD_INOTIFY },
	{ EV_SYSCALL_INOTIFY_INIT1_X, 1, FD_INOTIFY },	  { EV_SYSCALL_BPF_2_X, -1, FD_BPF },
	{ EV_SYSCALL_USERFAULTFD_X, -1, FD_USERFAULTFD }, { EV_SYSCALL_IO_URING_SETUP_X, -1, FD_IOURING },
	{ EV_SYSCALL_EPOLL_CREATE_X, -1, FD_EVENTPOLL },  { EV_SYSCALL_EPOLL_CREATE1_X, 1, FD_EVENTPOLL },
};

int parse_anonymous(struct state *s, const struct event *ev, struct subject *sub)
{
	const struct anonymous *a = anonymous;
	int64_t number = event_result(ev);
	struct fd *fd;

	if (!sub->thread || number < 0)
		return 0;
	while (a->type != ev->type)
		a++;
	fd = fd_new(a->fd_type, number);
	if (fd && a->flags >= 0)
		fd->open_flags = (uint32_t)event_param_uint(ev, (unsigned int)a->flags);
	return subject_put_fd(s, sub, fd);
}

int parse_memfd(struct state *s, const struct event *ev, struct subject *sub)
{
	int64_t number = event_result(ev);
	struct fd *fd;

	if (!sub->thread)
		return 0;
	fd = fd_new(number < 0 ? FD_UNINITIALIZED : FD_MEMFD, number);
	if (!fd)
		return -ENOMEM;
	if (number < 0) { /* Falco shows an empty descriptor for a failed call */
		sub->fd = subject_scratch(s, fd);
		sub->thread->lastevent_fd = number;
		return 0;
	}
	fd->open_flags = (uint32_t)event_param_uint(ev, 2);
	if (fd_set_name(fd, event_param_text(ev, 1)) < 0) {
		fd_unref(fd);
		return -ENOMEM;
	}
	return subject_put_fd(s, sub, fd);
}

int parse_pidfd_open(struct state *s, const struct event *ev, struct subject *sub)
{
	int64_t number = event_result(ev);
	struct fd *fd;

	if (!sub->thread || number < 0)
		return 0;
	fd = fd_new(FD_PIDFD, number);
	if (!fd)
		return -ENOMEM;
	fd->pid = event_param_int(ev, 1);
	fd->open_flags = (uint32_t)event_param_uint(ev, 2);
	strbuf_reset(&s->text);
	strbuf_adds(&s->text, "/proc/");
	strbuf_addi(&s->text, fd->pid);
	if (s->text.failed || fd_set_name(fd, strbuf_str(&s->text)) < 0) {
		fd_unref(fd);
		return -ENOMEM;
	}
	return subject_put_fd(s, sub, fd);
}
