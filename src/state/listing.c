/* SPDX-License-Identifier: Apache-2.0 */
/* What is known now in the form of a capture's lists: records.c reads it back. */
#include "state/internal.h"
#include "state/records.h"

static struct process_record describe_thread(struct thread *t)
{
	struct thread *leader = thread_leader(t);

	return (struct process_record){
		.tid = t->tid,
		.pid = t->pid,
		.ptid = t->ptid,
		.sid = t->sid,
		.vpgid = t->vpgid,
		.pgid = t->pgid,
		.vtid = t->vtid,
		.vpid = t->vpid,
		.comm = rstr_str(t->comm),
		.exe = rstr_str(t->exe),
		.exepath = rstr_str(t->exepath),
		.args = rstr_str(t->args),
		.cwd = rstr_str(leader->cwd),
		.env = rstr_str(leader->env),
		.cgroups = rstr_str(t->cgroups),
		.root = rstr_str(t->root),
		.fdlimit = t->fdlimit,
		.flags = t->flags,
		.uid = t->uid,
		.gid = t->gid,
		.loginuid = t->loginuid,
		.tty = t->tty,
		.vm_size_kb = t->vm_size_kb,
		.vm_rss_kb = t->vm_rss_kb,
		.vm_swap_kb = t->vm_swap_kb,
		.pfmajor = t->pfmajor,
		.pfminor = t->pfminor,
		.pidns_init_start_ts = t->pidns_init_start_ts,
		.cap_inheritable = t->cap_inheritable,
		.cap_permitted = t->cap_permitted,
		.cap_effective = t->cap_effective,
		.exe_ino = t->exe_ino,
		.exe_ino_ctime = t->exe_ino_ctime,
		.exe_ino_mtime = t->exe_ino_mtime,
		.exe_writable = t->exe_writable,
		.exe_upper_layer = t->exe_upper_layer,
		.exe_lower_layer = t->exe_lower_layer,
		.exe_from_memfd = t->exe_from_memfd,
		.has_caps = true,
		.has_loginuid = true,
		.has_tty = true,
	};
}

struct visit {
	struct state *s;
	const struct state_lister *to;
	struct thread *thread;
};

static bool is_learnt(const struct state *s, const struct fdtable *fds, int64_t number)
{
	for (size_t i = 0; i < s->nlearnt; i++)
		if (s->learnt[i].fds == fds && s->learnt[i].number == number)
			return true;
	return false;
}

static int list_fd(void *context, struct fd *fd)
{
	struct visit *v = context;
	struct fd_record r = {
		.number = fd->number, .ino = fd->ino, .type = (uint8_t)fd->type, .name = rstr_str(fd->name)
	};

	if (fd->type <= FD_UNINITIALIZED)
		return 0;
	/* what the event at hand closes is gone for what follows it; what was asked for holds for that event alone */
	if ((v->s->close_thread && v->s->close_thread->fds == v->thread->fds && v->s->close_number == fd->number) ||
	    is_learnt(v->s, v->thread->fds, fd->number))
		return 0;
	r.open_flags = fd->open_flags;
	r.dev = fd->dev;
	memcpy(r.sip, fd->socket.sip.bytes, sizeof(r.sip));
	memcpy(r.dip, fd->socket.dip.bytes, sizeof(r.dip));
	r.sport = fd->socket.sport;
	r.dport = fd->socket.dport;
	r.l4 = fd->socket.l4;
	r.unix_source = fd->socket.unix_source;
	r.unix_destination = fd->socket.unix_destination;
	return v->to->fd(v->to->context, v->thread->tid, &r);
}

int state_list(struct state *s, const struct state_lister *to)
{
	struct visit v = { .s = s, .to = to };
	uint32_t at = 0;
	int r = 0;

	if (s->unlinked)
		records_link(s);
	while (to->process && r == 0 && (v.thread = table_next(&s->threads.by_tid, &at))) {
		struct process_record p;

		if (v.thread->dead || v.thread->tid == s->dead_tid || thread_invalid(v.thread))
			continue;
		p = describe_thread(v.thread);
		r = to->process(to->context, &p);
		/* a table that threads share is told with the one that leads them */
		if (r == 0 && (thread_leader(v.thread) == v.thread || thread_leader(v.thread)->fds != v.thread->fds))
			r = fdtable_each(v.thread->fds, list_fd, &v);
	}
	return r < 0 || !to->container ? r : containers_each(&s->containers, to->container, to->context);
}
