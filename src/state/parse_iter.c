/* SPDX-License-Identifier: Apache-2.0 */
/* Answers to needs: a task as it is now, and one of its descriptors. */
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "state/internal.h"
#include "state/paths.h"
#include "state/ppm.h"
#include "state/records.h"
#include "state/socket.h"

/* A process that began this much later than the one we know was last seen is another one. Clocks differ a little. */
#define ANOTHER_NS UINT64_C(2000000000)

/* The header of these kinds has the process in its upper half; where that is zero the thread leads its process. */
static int64_t answer_tid(const struct event *ev)
{
	return ev->tid < 0 ? ev->tid : ev->tid & 0xffffffff;
}

static int64_t answer_pid(const struct event *ev)
{
	return ev->tid >> 32 > 0 ? ev->tid >> 32 : ev->tid;
}

static uint32_t u32(const struct event *ev, unsigned int i)
{
	return (uint32_t)event_param_uint(ev, i);
}

struct process_record records_read_task(const struct event *ev)
{
	struct str argv = event_param(ev, 5);
	const char *end = argv.len ? memchr(argv.ptr, 0, argv.len) : NULL;
	size_t exe_len = end ? (size_t)(end - argv.ptr) : argv.len, skip = end ? exe_len + 1 : exe_len;
	uint32_t flags = u32(ev, 7);

	return (struct process_record){
		.tid = answer_tid(ev),
		.pid = answer_pid(ev),
		.ptid = event_param_int(ev, 0),
		.pgid = event_param_int(ev, 1),
		.vpgid = event_param_int(ev, 2),
		.sid = event_param_int(ev, 3),
		.comm = event_param_text(ev, 4),
		.exe = { argv.ptr, exe_len },
		.args = { argv.ptr + skip, argv.len - skip },
		.exepath = event_param_text(ev, 6),
		.env = event_param(ev, 8),
		.cwd = event_param_text(ev, 9),
		.fdlimit = event_param_int(ev, 10),
		.uid = u32(ev, 11),
		.gid = u32(ev, 12),
		.cap_permitted = event_param_uint(ev, 13),
		.cap_effective = event_param_uint(ev, 14),
		.cap_inheritable = event_param_uint(ev, 15),
		.exe_ino = event_param_uint(ev, 16),
		.exe_ino_ctime = event_param_uint(ev, 17),
		.exe_ino_mtime = event_param_uint(ev, 18),
		.vm_size_kb = u32(ev, 19),
		.vm_rss_kb = u32(ev, 20),
		.vm_swap_kb = u32(ev, 21),
		.pfmajor = event_param_uint(ev, 22),
		.pfminor = event_param_uint(ev, 23),
		.vpid = event_param_int(ev, 24),
		.vtid = event_param_int(ev, 25),
		.pidns_init_start_ts = event_param_uint(ev, 26),
		.cgroups = event_param(ev, 27),
		.root = event_param_text(ev, 28),
		.tty = u32(ev, 30),
		.loginuid = u32(ev, 31),
		.flags = answer_tid(ev) == answer_pid(ev) ? 0 : THREAD_CLONE_THREAD | THREAD_CLONE_FILES,
		.exe_writable = flags & PPM_EXE_WRITABLE,
		.exe_upper_layer = flags & PPM_EXE_UPPER_LAYER,
		.exe_lower_layer = flags & PPM_EXE_LOWER_LAYER,
		.exe_from_memfd = flags & PPM_EXE_FROM_MEMFD,
		.has_caps = true,
		.has_loginuid = true,
		.has_tty = true,
	};
}

int parse_iter_task(struct state *s, const struct event *ev, struct subject *sub)
{
	struct process_record p = records_read_task(ev);
	struct thread *t = table_get(&s->threads.by_tid, p.tid);
	uint64_t born = event_param_uint(ev, 29);
	int r;

	if (p.tid < 0)
		return 0;
	if (t && !thread_invalid(t) && t->lastaccess_ts && born > t->lastaccess_ts + ANOTHER_NS) {
		threads_evict(&s->threads, t);
		t = NULL;
	}
	if (!t) {
		t = threads_new(p.tid);
		r = t ? records_fill_thread(s, t, &p) : -ENOMEM;
		if (r < 0) {
			threads_discard(t);
			return r;
		}
		t->ptid = p.ptid;
		t->late = true;
		r = threads_add(&s->threads, t);
		if (r < 0)
			return r == -ENOSPC ? 0 : r;
	} else {
		/* who was only listed has not been seen to act, as if it were told now */
		t->late = t->late || thread_invalid(t) || (s->asks_threads && !t->lastaccess_ts);
		r = records_fill_thread(s, t, &p);
		if (r < 0)
			return r;
		if (t->group) {
			threads_set_parent(&s->threads, t, p.ptid);
		} else {
			t->ptid = p.ptid;
			r = threads_link(&s->threads, t);
			if (r < 0)
				return r;
		}
		threads_changed(t, FACTS_PROCESS);
	}
	/* a child that was born before its parent was known hangs on nothing yet */
	if (!t->clone_ts)
		t->clone_ts = born;
	t->lastaccess_ts = ev->ts;
	sub->thread = t;
	return 0;
}

/* ---- descriptors ---- */

static uint8_t l4_of(uint16_t type, uint16_t protocol)
{
	switch (type) {
	case SOCK_STREAM:
		return protocol == IPPROTO_TCP || protocol == IPPROTO_IP ? L4_TCP : L4_UNKNOWN;
	case SOCK_DGRAM:
		if (protocol == IPPROTO_UDP || protocol == IPPROTO_IP)
			return L4_UDP;
		return protocol == IPPROTO_ICMP ? L4_ICMP : L4_UNKNOWN;
	case SOCK_RAW:
		return L4_RAW;
	default:
		return L4_UNKNOWN;
	}
}

/* anon_inode_fd_types of flags.def, in order */
static const uint8_t anonymous_types[] = {
	FD_UNSUPPORTED, FD_EVENT, FD_EVENTPOLL, FD_INOTIFY, FD_SIGNALFD, FD_TIMERFD, FD_IOURING,
	FD_USERFAULTFD, FD_PIDFD, FD_BPF, FD_BPF, FD_BPF, FD_BPF, FD_UNSUPPORTED,
};

static void read_inet(const struct event *ev, struct fd_record *r, bool v6)
{
	static const uint8_t nobody[16];
	struct str local = event_param(ev, 3), remote = event_param(ev, 5);
	size_t len = v6 ? 16 : 4;

	r->l4 = l4_of((uint16_t)event_param_uint(ev, 1), (uint16_t)event_param_uint(ev, 2));
	r->ino = event_param_uint(ev, 7);
	r->sport = (uint16_t)event_param_uint(ev, 4);
	r->dport = (uint16_t)event_param_uint(ev, 6);
	if (local.len == len)
		memcpy(r->sip, local.ptr, len);
	if (remote.len == len)
		memcpy(r->dip, remote.ptr, len);
	if (memcmp(r->dip, nobody, len)) {
		r->type = v6 ? FD_IPV6_SOCK : FD_IPV4_SOCK;
	} else { /* who has no peer is taken for a server; its address is the destination of others */
		r->type = v6 ? FD_IPV6_SERVSOCK : FD_IPV4_SERVSOCK;
		memcpy(r->dip, r->sip, len);
		r->dport = r->sport;
	}
}

struct fd_record records_read_file(const struct event *ev)
{
	struct fd_record r = { .number = event_param_int(ev, 0) };
	uint64_t kind;

	switch (ev->type) {
	case EV_ITER_TASK_FILE_SOCKET_INET_E:
	case EV_ITER_TASK_FILE_SOCKET_INET6_E:
		read_inet(ev, &r, ev->type == EV_ITER_TASK_FILE_SOCKET_INET6_E);
		return r;
	case EV_ITER_TASK_FILE_SOCKET_UNIX_E:
		r.type = FD_UNIX_SOCK;
		r.unix_source = event_param_uint(ev, 3);
		r.name = event_param_text(ev, 4);
		r.ino = event_param_uint(ev, 5);
		return r;
	case EV_ITER_TASK_FILE_SOCKET_NETLINK_E:
		r.type = FD_NETLINK;
		r.ino = event_param_uint(ev, 3);
		return r;
	case EV_ITER_TASK_FILE_ANON_INODE_E:
		kind = event_param_uint(ev, 1);
		r.type = anonymous_types[kind < sizeof(anonymous_types) ? kind : 0];
		r.name = kind == 0 ? event_param_text(ev, 2) : STR("");
		r.ino = event_param_uint(ev, 3);
		return r;
	case EV_ITER_TASK_FILE_REGULAR_E:
		r.type = FD_FILE_V2;
		r.open_flags = u32(ev, 2);
		r.ino = event_param_uint(ev, 4);
		break;
	case EV_ITER_TASK_FILE_DIRECTORY_E:
		r.type = FD_DIRECTORY;
		r.ino = event_param_uint(ev, 2);
		break;
	case EV_ITER_TASK_FILE_MEMFD_E:
		r.type = FD_MEMFD;
		r.ino = event_param_uint(ev, 2);
		break;
	default:
		r.type = FD_FIFO;
		r.ino = event_param_uint(ev, 2);
	}
	r.name = event_param_text(ev, 1);
	return r;
}

/*
 * An answer tells a connection's near and far end, not who connected. Here the near end is the server when
 * somebody was seen to listen on its port, or when the far one alone has a port of the range that kernels
 * choose clients' ports from. As elsewhere, the client is then put first.
 */
#define EPHEMERAL_FIRST 32768

static int find_direction(struct state *s, struct fd *fd)
{
	uint16_t near = fd->socket.sport, far = fd->socket.dport;

	if ((fd->type != FD_IPV4_SOCK && fd->type != FD_IPV6_SOCK) || !near || !far)
		return 0;
	if (!(s->listened[near / 64] >> near % 64 & 1) && (near >= EPHEMERAL_FIRST || far < EPHEMERAL_FIRST)) {
		fd->flags |= FDF_ROLE_CLIENT;
		return 0;
	}
	fd->flags |= FDF_ROLE_SERVER;
	socket_swap(fd);
	strbuf_reset(&s->text);
	socket_name(&s->text, fd);
	return s->text.failed ? -ENOMEM : fd_set_name(fd, strbuf_str(&s->text));
}

static int make_new_socket(struct fd *fd)
{
	socket_forget_server(fd);
	return fd_set_name(fd, STR(""));
}

int parse_iter_file(struct state *s, const struct event *ev, struct subject *sub)
{
	struct fd_record record = records_read_file(ev);
	struct thread *t = threads_get(&s->threads, answer_tid(ev));
	struct fd *fd;
	int r = 0;

	if (t && record.number == PATHS_AT_FDCWD)
		return thread_set_cwd(s, t, record.name);
	if (!t || record.number < 0)
		return 0;
	/* what this call has told of a descriptor, or was told, is what its rules look at */
	if (s->asks_fds && fdtable_get(t->fds, record.number))
		return 0;
	fd = records_make_fd(s, &record);
	if (!fd)
		return 0;
	if (ev->type == EV_ITER_TASK_FILE_REGULAR_E)
		fd->mount_id = u32(ev, 3);
	if (fd->type == FD_IPV4_SERVSOCK || fd->type == FD_IPV6_SERVSOCK) {
		/* who sends datagrams has a port as well, and one without a port is new */
		if (fd->socket.l4 != L4_UDP)
			state_note_listened(s, fd->socket.dport);
		if (s->asks_fds && !fd->socket.dport)
			r = make_new_socket(fd);
	} else if (s->asks_fds) {
		r = find_direction(s, fd);
	}
	if (r < 0) {
		fd_unref(fd);
		return r;
	}
	fd->name_changed = false;
	sub->thread = t;
	return subject_put_fd(s, sub, fd);
}
