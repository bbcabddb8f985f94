/* SPDX-License-Identifier: Apache-2.0 */
/* What is known without having been seen: the process and descriptor lists of a capture, and answers to needs. */
#include "state/records.h"

#include <errno.h>

#include "event/clean.h"
#include "state/internal.h"
#include "state/socket.h"

/* ---- threads ---- */

int thread_set_exepath(struct thread *t, struct str path)
{
	static const struct str deleted = { " (deleted)", 10 };

	if (path.len > deleted.len && str_ends(path, deleted))
		path.len -= deleted.len;
	return rstr_assign(&t->exepath, path);
}

int thread_set_cwd(struct state *s, struct thread *t, struct str path)
{
	struct thread *leader = thread_leader(t);
	struct str joined = paths_join(s->path, rstr_str(leader->cwd), path);

	leader->cwd_known = leader->cwd_known || (path.len && path.ptr[0] == '/');
	if (!joined.len || joined.ptr[joined.len - 1] != '/') {
		s->path[joined.len++] = '/';
		joined.ptr = s->path;
	}
	if (str_eq(rstr_str(leader->cwd), joined))
		return 0;
	threads_changed(leader, FACT_CWD);
	return rstr_assign(&leader->cwd, joined);
}

void thread_forget_cwd(struct thread *t)
{
	struct thread *leader = t ? thread_leader(t) : NULL;

	if (!leader || !leader->cwd_known)
		return;
	leader->cwd_known = false;
	threads_changed(leader, FACT_CWD);
}

int thread_set_list(struct state *s, struct rstr **slot, struct str list)
{
	if (clean_list(list, &s->text))
		return s->text.failed ? -ENOMEM : rstr_assign(slot, strbuf_str(&s->text));
	return rstr_assign(slot, list);
}

int thread_set_args(struct state *s, struct thread *t, struct str list)
{
	int r = thread_set_list(s, &t->args, list);

	if (r == 0)
		t->args_grown = (uint32_t)(rstr_str(t->args).len - list.len);
	return r;
}

static int set_text(struct state *s, struct rstr **slot, struct str text)
{
	int r = clean_replace(&text, &s->text);

	return r < 0 ? r : rstr_assign(slot, text);
}

static int set_exepath(struct state *s, struct thread *t, struct str path)
{
	int r = clean_replace(&path, &s->text);

	return r < 0 ? r : thread_set_exepath(t, path);
}

static int set_cwd(struct state *s, struct thread *t, struct str path)
{
	int r = clean_replace(&path, &s->text);

	return r < 0 ? r : thread_set_cwd(s, t, path);
}

int records_fill_thread(struct state *s, struct thread *t, const struct process_record *p)
{
	t->pid = p->pid;
	t->sid = p->sid;
	t->vpgid = p->vpgid;
	t->pgid = p->pgid;
	t->vtid = p->vtid;
	t->vpid = p->vpid;
	t->flags |= p->flags | THREAD_ACTIVE;
	t->fdlimit = p->fdlimit;
	t->uid = p->uid;
	t->gid = p->gid;
	t->loginuid = p->has_loginuid ? p->loginuid : UINT32_MAX;
	t->tty = p->tty;
	t->vm_size_kb = p->vm_size_kb;
	t->vm_rss_kb = p->vm_rss_kb;
	t->vm_swap_kb = p->vm_swap_kb;
	t->pfmajor = p->pfmajor;
	t->pfminor = p->pfminor;
	t->pidns_init_start_ts = p->pidns_init_start_ts;
	t->cap_inheritable = p->cap_inheritable;
	t->cap_permitted = p->cap_permitted;
	t->cap_effective = p->cap_effective;
	t->exe_ino = p->exe_ino;
	t->exe_ino_ctime = p->exe_ino_ctime;
	t->exe_ino_mtime = p->exe_ino_mtime;
	t->exe_writable = p->exe_writable;
	t->exe_upper_layer = p->exe_upper_layer;
	t->exe_lower_layer = p->exe_lower_layer;
	t->exe_from_memfd = p->exe_from_memfd;
	if (set_text(s, &t->comm, p->comm) < 0 || set_text(s, &t->exe, p->exe) < 0 ||
	    set_exepath(s, t, p->exepath) < 0 || thread_set_args(s, t, p->args) < 0 ||
	    set_text(s, &t->root, p->root) < 0)
		return -ENOMEM;
	if (thread_is_leader(t) && (thread_set_list(s, &t->env, p->env) < 0 || set_cwd(s, t, p->cwd) < 0))
		return -ENOMEM;
	return p->cgroups.len ? container_set_cgroups(s, t, p->cgroups) : 0;
}

int state_add_process(struct state *s, const struct process_record *p)
{
	struct thread *t = table_get(&s->threads.by_tid, p->tid);
	int r;

	if (t)
		threads_evict(&s->threads, t);
	t = threads_new(p->tid);
	r = t ? records_fill_thread(s, t, p) : -ENOMEM;
	if (r < 0) {
		threads_discard(t);
		return r;
	}
	t->ptid = p->ptid;
	r = threads_add_unlinked(&s->threads, t);
	s->unlinked = true;
	return r == -ENOSPC ? 0 : r;
}

/* ---- descriptors ---- */

static int print_name(struct state *s, struct fd *fd, const struct fd_record *r)
{
	strbuf_reset(&s->text);
	switch (fd->type) {
	case FD_IPV4_SERVSOCK:
	case FD_IPV6_SERVSOCK:
		socket_print_end(&s->text, r->dip, r->dport, fd->type == FD_IPV6_SERVSOCK);
		break;
	case FD_IPV4_SOCK:
	case FD_IPV6_SOCK:
		socket_print_end(&s->text, fd->socket.sip.bytes, fd->socket.sport, fd->socket.sip.v6);
		strbuf_adds(&s->text, "->");
		socket_print_end(&s->text, fd->socket.dip.bytes, fd->socket.dport, fd->socket.dip.v6);
		break;
	default:
		clean_add(&s->text, r->name); /* events of calls come clean, lists and answers do not */
	}
	return s->text.failed ? -ENOMEM : fd_set_name(fd, strbuf_str(&s->text));
}

static void fill_pair(struct state *s, struct fd *fd, const struct fd_record *r)
{
	if (fd->type == FD_IPV6_SOCK && ip_is_v4_mapped(r->sip) && ip_is_v4_mapped(r->dip)) {
		fd->type = FD_IPV4_SOCK;
		socket_update_v4(fd, r->sip + 12, r->sport, r->dip + 12, r->dport);
	} else if (fd->type == FD_IPV6_SOCK) {
		socket_update_v6(fd, r->sip, r->sport, r->dip, r->dport);
	} else {
		socket_update_v4(fd, r->sip, r->sport, r->dip, r->dport);
	}
	socket_set_l4(fd, r->l4);
	if (r->l4 == L4_TCP)
		fd->flags |= FDF_CONNECTED;
	if (fd->type == FD_IPV4_SOCK)
		socket_fill_own(fd, &s->interfaces);
}

struct fd *records_make_fd(struct state *s, const struct fd_record *r)
{
	struct fd *fd;

	if (r->type == FD_UNINITIALIZED || r->type > FD_PIDFD)
		return NULL;
	fd = fd_new((enum fd_type)r->type, r->number);
	if (!fd)
		return NULL;
	fd->ino = r->ino;
	fd->flags = FDF_FROM_PROC;
	switch (fd->type) {
	case FD_IPV4_SOCK:
	case FD_IPV6_SOCK:
		fill_pair(s, fd, r);
		break;
	case FD_IPV4_SERVSOCK:
	case FD_IPV6_SERVSOCK:
		socket_set_server(fd, r->dip, r->dport, fd->type == FD_IPV6_SERVSOCK, r->l4);
		break;
	case FD_UNIX_SOCK:
		socket_set_unix(fd, r->unix_source, r->unix_destination);
		fd->flags |= r->name.len ? FDF_ROLE_SERVER : FDF_ROLE_CLIENT;
		break;
	case FD_FILE_V2:
		fd->open_flags = r->open_flags;
		fd->dev = r->dev;
		break;
	default:
		break;
	}
	if (print_name(s, fd, r) < 0) {
		fd_unref(fd);
		return NULL;
	}
	fd->name_changed = false;
	return fd;
}

int state_add_fd(struct state *s, int64_t tid, const struct fd_record *record)
{
	struct thread *t = table_get(&s->threads.by_tid, tid);
	struct fd *fd;
	int r;

	if (!t || record->number < 0)
		return 0;
	fd = records_make_fd(s, record);
	if (!fd)
		return 0;
	if (fd->type == FD_IPV4_SERVSOCK || fd->type == FD_IPV6_SERVSOCK) {
		if (!s->server_ports)
			s->server_ports = calloc(65536 / 64, sizeof(*s->server_ports));
		if (s->server_ports)
			s->server_ports[fd->socket.dport / 64] |= UINT64_C(1) << fd->socket.dport % 64;
	}
	r = fdtable_put(t->fds, fd);
	if (r == -ENOSPC)
		s->fds_dropped++;
	else if (r == 0)
		s->fds_added++;
	s->unlinked = true;
	return r == -ENOMEM ? r : 0;
}

/* A connection whose own port somebody listens on was accepted there: its ends change places. */
static int find_direction(void *context, struct fd *fd)
{
	struct state *s = context;
	uint16_t port = fd->socket.sport;

	if (fd->type != FD_IPV4_SOCK || (fd->flags & (FDF_ROLE_CLIENT | FDF_ROLE_SERVER)))
		return 0;
	if (!s->server_ports || !(s->server_ports[port / 64] >> port % 64 & 1)) {
		fd->flags |= FDF_ROLE_CLIENT;
		return 0;
	}
	socket_swap(fd);
	fd->flags |= FDF_ROLE_SERVER;
	strbuf_reset(&s->text);
	socket_print_end(&s->text, fd->socket.sip.bytes, fd->socket.sport, false);
	strbuf_adds(&s->text, "->");
	socket_print_end(&s->text, fd->socket.dip.bytes, fd->socket.dport, false);
	if (!s->text.failed && fd_set_name(fd, strbuf_str(&s->text)) == 0)
		fd->name_changed = false;
	return 0;
}

void records_link(struct state *s)
{
	struct thread *t;
	uint32_t at = 0;

	s->unlinked = false;
	while ((t = table_next(&s->threads.by_tid, &at))) {
		fdtable_each(t->fds, find_direction, s);
		(void)threads_link(&s->threads, t);
	}
	free(s->server_ports);
	s->server_ports = NULL;
}
