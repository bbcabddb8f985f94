/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "tracer/creds.h"
#include "tracer/decode.h"
#include "tracer/decode_exec.h"
#include "tracer/filesystem.h"
#include "tracer/image.h"
#include "tracer/procfs.h"
#include "tracer/reader.h"

/* What execve, clone and task events say alike, read once. */
struct process {
	struct procfs_task task;
	char command[EVENT_STRING_BYTES]; /* argv, each with its NUL */
	size_t command_len;
	char cgroups[EVENT_STRING_BYTES];
	size_t cgroups_len;
	uint64_t fdlimit;
};

/* What is known of a process while it executes: exec leaves it as it is. */
struct ahead {
	pid_t tid; /* 0 = nobody */
	int stat; /* to be read behind exec; -1 = not open */
	char cgroups[EVENT_STRING_BYTES];
	size_t cgroups_len;
	uint32_t loginuid;
};

/* What was read of one process last. */
struct decode_memo {
	struct process process;
	struct ahead ahead;
	pid_t tid; /* 0 = nobody */
	uint64_t ts;
	bool has_program;
	struct procfs_exe exe;
	uint32_t loginuid;
	struct filesystem_memo mounts;
	struct reader *reader;
};

/*
 * A search along PATH fails again and again: within this time what a failed exec says of its caller is not
 * read anew.
 */
#define AGAIN_NS 10000000u

struct decode_memo *decode_memo_new(struct reader *reader)
{
	struct decode_memo *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->ahead.stat = -1;
	m->reader = reader;
	return m;
}

void decode_memo_free(struct decode_memo *m)
{
	if (m)
		decode_exec_forget(m, 0);
	free(m);
}

const struct procfs_task *decode_memo_task(const struct decode_memo *m, pid_t tid)
{
	return m->tid == tid ? &m->process.task : NULL;
}

const struct procfs_task *decode_memo_born(const struct decode_memo *m)
{
	return &m->process.task;
}

/* Ids are the same for the process as for us, so that calls tell them. */
static int read_task_quickly(pid_t tid, const struct ahead *ahead, struct procfs_task *task, struct error *err)
{
	int stat = ahead->tid == tid ? ahead->stat : -1;
	auto_fd int own_stat = -1;
	int r;

	if (stat < 0)
		stat = own_stat = procfs_open(tid, "stat");
	r = procfs_read_stat(tid, stat, task, err);
	if (r == 0)
		r = creds_read(tid, task);
	task->vtid = task->vpid = tid;
	task->vpgid = task->pgid;
	return r;
}

static void read_command(pid_t tid, const struct exec_image *image, struct reader *reader, struct process *p)
{
	ssize_t n;

	if (image) {
		memcpy(p->command, image->args, image->args_len);
		p->command_len = image->args_len;
		return;
	}
	n = reader_file(reader, tid, "cmdline", p->command, sizeof(p->command));
	p->command_len = n > 0 ? (size_t)n : 0;
}

/* ahead: of a process that has just executed (image), else NULL. */
static int read_process(pid_t tid, const struct exec_image *image, const struct ahead *ahead, struct reader *reader,
			struct process *p, struct error *err)
{
	int r = image ? read_task_quickly(tid, ahead, &p->task, err) : -EOPNOTSUPP;

	if (r < 0)
		r = procfs_read_task(tid, &p->task, err);
	if (r < 0)
		return r;
	read_command(tid, image, reader, p);
	if (p->command_len) /* a program may overwrite its arguments, also the last NUL */
		p->command[p->command_len - 1] = 0;
	if (image && ahead->tid == tid) {
		memcpy(p->cgroups, ahead->cgroups, ahead->cgroups_len);
		p->cgroups_len = ahead->cgroups_len;
	} else {
		p->cgroups_len = procfs_read_cgroups(tid, p->cgroups, sizeof(p->cgroups));
	}
	procfs_read_fdlimit(tid, &p->fdlimit);
	return 0;
}

/* argv[0], and the rest with the NULs. */
static struct str first_argument(const struct process *p)
{
	return (struct str){ p->command, p->command_len ? strnlen(p->command, p->command_len) : 0 };
}

static struct str other_arguments(const struct process *p)
{
	size_t skip = first_argument(p).len + 1;

	if (skip >= p->command_len)
		return (struct str){ "", 0 };
	return (struct str){ p->command + skip, p->command_len - skip };
}

static void put_ids(struct event_builder *b, const struct process *p, pid_t tid, pid_t pid, pid_t ptid)
{
	event_put_int(b, tid);
	event_put_int(b, pid);
	event_put_int(b, ptid);
	event_put_absent(b); /* cwd: kept for the layout, empty in current Falco as well */
	event_put_int(b, (int64_t)p->fdlimit);
}

static void put_memory(struct event_builder *b, const struct procfs_task *t)
{
	event_put_int(b, (int64_t)t->majflt);
	event_put_int(b, (int64_t)t->minflt);
	event_put_int(b, t->vm_size_kb);
	event_put_int(b, t->vm_rss_kb);
	event_put_int(b, t->vm_swap_kb);
	event_put_text(b, str_of(t->comm));
}

static uint32_t read_loginuid(pid_t tid)
{
	char text[16];
	ssize_t n = procfs_read_file(tid, "loginuid", text, sizeof(text));
	uint64_t v = 0;

	for (ssize_t i = 0; i < n && text[i] >= '0' && text[i] <= '9'; i++)
		v = v * 10 + (uint64_t)(text[i] - '0');
	return n > 0 && v <= UINT32_MAX ? (uint32_t)v : UINT32_MAX; /* no audit in the kernel: nobody logged in */
}

/* When a process started, on the clock of events and files; to the hundredth of a second, as /proc has it. */
static uint64_t start_ns(const struct procfs_task *task)
{
	return clock_boot_ns() + task->start_ticks * (NS_PER_SECOND / (uint64_t)sysconf(_SC_CLK_TCK));
}

/* When this monitor started; 0 when that cannot be told. */
static uint64_t monitor_start_ns(void)
{
	struct procfs_task self;

	return procfs_read_task(getpid(), &self, NULL) < 0 ? 0 : start_ns(&self);
}

enum { EXE_WRITABLE = 1, EXE_UPPER_LAYER = 2, EXE_FROM_MEMFD = 4, EXE_LOWER_LAYER = 8 };

static uint32_t exe_flags(const struct procfs_exe *exe)
{
	return (exe->writable ? EXE_WRITABLE : 0u) | (exe->upper_layer ? EXE_UPPER_LAYER : 0u) |
	       (exe->from_memfd ? EXE_FROM_MEMFD : 0u) | (exe->lower_layer ? EXE_LOWER_LAYER : 0u);
}

/* The executable; all zero for a kernel thread or a process that has gone half way. */
static void read_exe(pid_t tid, int fd, const struct procfs_task *task, struct filesystem_memo *mounts,
		     struct procfs_exe *exe)
{
	if (procfs_read_exe(tid, fd, task, monitor_start_ns, mounts, exe, NULL) < 0)
		*exe = (struct procfs_exe){ 0 };
}

/* The process and its program, into memo. Those of a process that has executed are always read. */
static int read_program(pid_t tid, uint64_t ts, bool failed, const struct exec_image *image, struct decode_memo *m,
			struct error *err)
{
	int r;

	if (failed && m->tid == tid && m->has_program && ts - m->ts < AGAIN_NS)
		return 0;
	m->tid = 0;
	r = read_process(tid, image, &m->ahead, m->reader, &m->process, err);
	if (r < 0)
		return r;
	read_exe(tid, -1, &m->process.task, &m->mounts, &m->exe);
	m->loginuid = image && m->ahead.tid == tid ? m->ahead.loginuid : read_loginuid(tid);
	m->has_program = failed;
	m->tid = tid;
	m->ts = ts;
	return 0;
}

void decode_exec_ahead(pid_t tid, struct decode_memo *m)
{
	struct ahead *a = &m->ahead;

	decode_exec_forget(m, 0);
	a->stat = procfs_open(tid, "stat");
	a->cgroups_len = procfs_read_cgroups(tid, a->cgroups, sizeof(a->cgroups));
	a->loginuid = read_loginuid(tid);
	a->tid = tid;
}

void decode_exec_forget(struct decode_memo *m, pid_t tid)
{
	struct ahead *a = &m->ahead;

	if (tid && a->tid != tid)
		return;
	if (a->stat >= 0)
		close(a->stat);
	a->stat = -1;
	a->tid = 0;
}

/* Of a process that has not executed yet: what it will be by then, as far as the call's arguments tell. */
static void foresee(pid_t tid, const struct exec_call *x, struct decode_memo *m)
{
	struct procfs_task *task = &m->process.task;
	struct str name = x->filename;
	const char *slash;

	m->tid = 0; /* nothing to be said again */
	m->exe = (struct procfs_exe){ 0 };
	if (x->program >= 0)
		read_exe(tid, x->program, task, &m->mounts, &m->exe);
	else if (str_starts(name, STR("/")) && name.len < sizeof(m->exe.path))
		memcpy(m->exe.path, name.ptr, name.len);
	if (!name.len)
		name = str_of(m->exe.path);
	slash = str_last(name, '/');
	if (slash)
		name = (struct str){ slash + 1, name.len - (size_t)(slash + 1 - name.ptr) };
	snprintf(task->comm, sizeof(task->comm), "%.*s", (int)name.len, name.ptr);
}

int decode_exec_call(pid_t tid, pid_t pid, uint64_t ts, const struct exec_call *x, struct decode_memo *m,
		     struct event_builder *b, struct event *ret_event, struct error *err)
{
	char text[EVENT_STRING_BYTES];
	const struct process *p = &m->process;
	struct str env = x->exe.ptr ? x->env : (struct str){ text, 0 };
	ssize_t n;
	int r = read_program(tid, ts, x->result < 0, x->image, m, err);

	if (r < 0)
		return r;
	if (x->foreseen)
		foresee(tid, x, m);
	if (x->image) {
		env = (struct str){ x->image->env, x->image->env_len };
	} else if (!x->exe.ptr) {
		n = reader_file(m->reader, tid, "environ", text, sizeof(text));
		env.len = n > 0 ? (size_t)n : 0;
	}
	event_begin(b, x->type, ts, tid);
	event_put_int(b, x->result);
	event_put_text(b, x->exe.ptr ? x->exe : first_argument(p));
	event_put_bytes(b, x->exe.ptr ? x->args : other_arguments(p));
	put_ids(b, p, tid, pid, p->task.ppid);
	put_memory(b, &p->task);
	event_put_bytes(b, (struct str){ p->cgroups, p->cgroups_len });
	event_put_bytes(b, env);
	event_put_int(b, p->task.tty);
	event_put_int(b, p->task.vpgid);
	event_put_int(b, m->loginuid);
	event_put_int(b, exe_flags(&m->exe));
	event_put_int(b, (int64_t)p->task.cap_inheritable);
	event_put_int(b, (int64_t)p->task.cap_permitted);
	event_put_int(b, (int64_t)p->task.cap_effective);
	event_put_int(b, (int64_t)m->exe.inode);
	event_put_int(b, (int64_t)m->exe.ctime_ns);
	event_put_int(b, (int64_t)m->exe.mtime_ns);
	event_put_int(b, p->task.uid);
	event_put_text(b, str_of(m->exe.path));
	event_put_int(b, p->task.pgid);
	event_put_int(b, p->task.gid);
	if (x->type == EV_SYSCALL_EXECVE_19_X) /* execveat's event has no name as passed */
		event_put_text(b, x->filename);
	return event_end(b, ret_event, err);
}

int decode_exec(pid_t tid, pid_t pid, uint64_t ts, struct str filename, const struct exec_image *image,
		struct decode_memo *memo, struct event_builder *b, struct event *ret_event, struct error *err)
{
	struct exec_call x = { .type = EV_SYSCALL_EXECVE_19_X, .filename = filename, .image = image };

	return decode_exec_call(tid, pid, ts, &x, memo, b, ret_event, err);
}

bool decode_has_ended(pid_t tid)
{
	struct procfs_task task;
	struct error ignored;

	return procfs_read_status(tid, &task, &ignored) < 0 || task.vm_size_kb == 0;
}

/*
 * The caller of a birth is stopped in it, and the child is its copy: what the caller's event said is the
 * child's, but for the ids. What a clone3() can give the child instead (a cgroup) is read.
 */
static int read_born(const struct decode_birth *f, struct decode_memo *m, struct error *err)
{
	struct procfs_task task;
	int r;

	if (f->copy_of && f->copy_of == m->tid) {
		r = procfs_read_status(f->tid, &task, err);
		m->tid = 0;
		if (r < 0)
			return r;
		memcpy(task.comm, m->process.task.comm, sizeof(task.comm));
		m->process.task = task;
		return 0;
	}
	m->tid = 0;
	r = read_process(f->tid, NULL, NULL, m->reader, &m->process, err);
	if (r < 0)
		return r;
	if (f->running && decode_has_ended(f->tid))
		return error_set(err, -ESRCH, "thread %d has ended", f->tid);
	m->has_program = false;
	m->tid = f->tid;
	return 0;
}

static int decode_fork_ids(const struct decode_birth *f, struct event_builder *b, struct event *ret_event,
			   struct error *err)
{
	const struct event_info *info = event_info(f->type);
	int ids_at = event_param_index(f->type, STR("tid")), flags_at = event_param_index(f->type, STR("flags"));
	int vids_at = event_param_index(f->type, STR("vtid"));

	event_begin(b, f->type, f->ts, f->tid);
	for (int i = 0; i < (int)info->nparams; i++) {
		if (i == 0)
			event_put_int(b, f->result);
		else if (i == ids_at || i == vids_at)
			event_put_int(b, f->tid);
		else if (i == ids_at + 1 || i == vids_at + 1)
			event_put_int(b, f->pid);
		else if (i == ids_at + 2)
			event_put_int(b, f->ptid);
		else if (i == flags_at)
			event_put_int(b, f->flags);
		else
			event_put_absent(b);
	}
	return event_end(b, ret_event, err);
}

int decode_fork(const struct decode_birth *f, struct decode_memo *m, struct event_builder *b, struct event *ret_event,
		struct error *err)
{
	const struct process *p = &m->process;
	int r;

	if (f->ids_only)
		return decode_fork_ids(f, b, ret_event, err);
	r = read_born(f, m, err);
	if (r < 0)
		return r;
	event_begin(b, f->type, f->ts, f->tid);
	event_put_int(b, f->result);
	event_put_text(b, first_argument(p));
	event_put_bytes(b, other_arguments(p));
	put_ids(b, p, f->tid, f->pid, f->ptid);
	put_memory(b, &p->task);
	event_put_bytes(b, (struct str){ p->cgroups, p->cgroups_len });
	event_put_int(b, f->flags);
	event_put_int(b, p->task.uid);
	event_put_int(b, p->task.gid);
	event_put_int(b, p->task.vtid);
	event_put_int(b, p->task.vpid);
	event_put_int(b, 0); /* pidns_init_start_ts: not to be had from user space */
	return event_end(b, ret_event, err);
}

int decode_exit(pid_t tid, uint64_t ts, int wait_status, struct event_builder *b, struct event *ret_event,
		struct error *err)
{
	event_begin(b, EV_PROCEXIT_1_E, ts, tid);
	event_put_int(b, wait_status);
	event_put_int(b, WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 0);
	event_put_int(b, WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) : 0);
	event_put_int(b, WIFSIGNALED(wait_status) && WCOREDUMP(wait_status));
	event_put_int(b, 0); /* reaper: the state finds it in its own table */
	return event_end(b, ret_event, err);
}

static void put_link(struct event_builder *b, pid_t tid, const char *name)
{
	char path[EVENT_STRING_BYTES];
	ssize_t n = procfs_read_link(tid, name, path, sizeof(path));

	event_put_text(b, n > 0 ? (struct str){ path, (size_t)n } : STR(""));
}

int decode_task(pid_t tid, pid_t twin, uint64_t ts, struct reader *reader, struct event_builder *b,
		struct event *ret_event, struct error *err)
{
	char env[EVENT_STRING_BYTES];
	struct filesystem_memo mounts = { 0 };
	struct procfs_exe exe;
	struct process p;
	ssize_t env_len;
	int r = read_process(tid, NULL, NULL, reader, &p, err);

	if (r < 0)
		return r;
	read_exe(twin, -1, &p.task, &mounts, &exe);
	env_len = reader_file(reader, twin, "environ", env, sizeof(env));
	/* Falco's iterators put the process into the upper half */
	event_begin(b, EV_ITER_TASK_E, ts, (int64_t)p.task.tgid << 32 | tid);
	event_put_int(b, p.task.ppid);
	event_put_int(b, p.task.pgid);
	event_put_int(b, p.task.vpgid);
	event_put_int(b, p.task.sid);
	event_put_text(b, str_of(p.task.comm));
	event_put_bytes(b, (struct str){ p.command, p.command_len });
	event_put_text(b, str_of(exe.path));
	event_put_int(b, exe_flags(&exe));
	event_put_bytes(b, (struct str){ env, env_len > 0 ? (size_t)env_len : 0 });
	put_link(b, twin, "cwd");
	event_put_int(b, (int64_t)p.fdlimit);
	event_put_int(b, p.task.uid);
	event_put_int(b, p.task.gid);
	event_put_int(b, (int64_t)p.task.cap_permitted);
	event_put_int(b, (int64_t)p.task.cap_effective);
	event_put_int(b, (int64_t)p.task.cap_inheritable);
	event_put_int(b, (int64_t)exe.inode);
	event_put_int(b, (int64_t)exe.ctime_ns);
	event_put_int(b, (int64_t)exe.mtime_ns);
	event_put_int(b, p.task.vm_size_kb);
	event_put_int(b, p.task.vm_rss_kb);
	event_put_int(b, p.task.vm_swap_kb);
	event_put_int(b, (int64_t)p.task.majflt);
	event_put_int(b, (int64_t)p.task.minflt);
	event_put_int(b, p.task.vpid);
	event_put_int(b, p.task.vtid);
	event_put_int(b, 0);
	event_put_bytes(b, (struct str){ p.cgroups, p.cgroups_len });
	put_link(b, twin, "root");
	event_put_int(b, (int64_t)start_ns(&p.task));
	event_put_int(b, p.task.tty);
	event_put_int(b, read_loginuid(tid));
	return event_end(b, ret_event, err);
}
