/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/parse.h"
#include "base/words.h"
#include "tracer/sight.h"
#include "tracer/status.h"

/* Of a caller that we cannot see the kernel tells the id 0, which is not us. */
static void path_of_other(char path[PROCFS_PATH_BYTES], pid_t tid, const char *name)
{
	snprintf(path, PROCFS_PATH_BYTES, "%d/%s", tid, name);
}

int procfs_open(pid_t tid, const char *name)
{
	char path[PROCFS_PATH_BYTES];
	int fd;

	path_of_other(path, tid, name);
	fd = SIGHT(path, openat(procfs_folder(), path, O_RDONLY | O_CLOEXEC));
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	return fd;
}

ssize_t procfs_read_file(pid_t tid, const char *name, char *bytes, size_t max)
{
	auto_fd int fd = procfs_open(tid, name);

	return fd < 0 ? fd : file_read(fd, bytes, max); /* these files give all that there is at once */
}

ssize_t procfs_read_link(pid_t tid, const char *name, char *bytes, size_t max)
{
	char path[PROCFS_PATH_BYTES];
	ssize_t n;

	path_of_other(path, tid, name);
	n = SIGHT(path, readlinkat(procfs_folder(), path, bytes, max - 1));
	if (n < 0)
		return -errno;
	bytes[n] = 0;
	return n;
}

uint64_t procfs_namespace(pid_t tid, const char *name)
{
	char path[PROCFS_PATH_BYTES];
	struct stat st;

	procfs_path(path, tid, name);
	return SIGHT(path, fstatat(procfs_folder(), path, &st, 0)) < 0 ? 0 : st.st_ino;
}

/* ---- words as numbers ---------------------------------------------------------------------------------- */

static uint64_t word_u64(struct str *rest)
{
	uint64_t v = 0;

	return parse_u64(words_next(rest), &v) < 0 ? 0 : v;
}

static int64_t word_i64(struct str *rest)
{
	int64_t v = 0;

	return parse_i64(words_next(rest), &v) < 0 ? 0 : v;
}

static uint64_t word_hex(struct str *rest)
{
	uint64_t v = 0;

	return parse_hex_u64(words_next(rest), &v) < 0 ? 0 : v;
}

/* The last of several ids: one a pid namespace, the task's own namespace last. */
static int64_t word_last(struct str *rest)
{
	int64_t v = 0, next;
	struct str word;

	while ((word = words_next(rest)).len && parse_i64(word, &next) == 0)
		v = next;
	return v;
}

/* ---- stat and status ----------------------------------------------------------------------------------- */

static int parse_stat(struct str text, struct procfs_task *t, struct error *err)
{
	/* the name may hold anything, also ") S 1": the last parenthesis ends it */
	const char *open = memchr(text.ptr, '(', text.len), *close = str_last(text, ')');
	struct str rest;
	size_t len;

	if (!open || !close || close < open)
		return error_set(err, -EBADMSG, "stat has no process name");
	len = (size_t)(close - open - 1);
	if (len >= sizeof(t->comm))
		len = sizeof(t->comm) - 1;
	memcpy(t->comm, open + 1, len);
	t->comm[len] = 0;
	rest = (struct str){ close + 1, text.len - (size_t)(close + 1 - text.ptr) };
	words_next(&rest); /* state */
	t->ppid = (pid_t)word_i64(&rest);
	t->pgid = (pid_t)word_i64(&rest);
	t->sid = (pid_t)word_i64(&rest);
	t->tty = (uint32_t)word_i64(&rest);
	words_next(&rest); /* tpgid */
	words_next(&rest); /* flags */
	t->minflt = word_u64(&rest);
	words_next(&rest);
	t->majflt = word_u64(&rest);
	for (int skip = 13; skip <= 21; skip++)
		words_next(&rest);
	t->start_ticks = word_u64(&rest);
	t->vm_size_kb = (uint32_t)(word_u64(&rest) / 1024);
	t->vm_rss_kb = (uint32_t)(word_u64(&rest) * (uint64_t)sysconf(_SC_PAGESIZE) / 1024);
	words_next(&rest); /* limit of that */
	t->has_program = word_u64(&rest) != 0;
	return 0;
}

static void parse_status_line(struct str line, struct procfs_task *t)
{
	struct str rest = line, key = words_next(&rest);
	int64_t inner;

	if (str_eq(key, STR("Tgid:"))) {
		t->tgid = (pid_t)word_i64(&rest);
	} else if (str_eq(key, STR("Uid:"))) {
		words_next(&rest);
		t->uid = (uint32_t)word_u64(&rest);
		words_next(&rest);
		t->fsuid = (uint32_t)word_u64(&rest);
	} else if (str_eq(key, STR("Gid:"))) {
		words_next(&rest);
		t->gid = (uint32_t)word_u64(&rest);
		words_next(&rest);
		t->fsgid = (uint32_t)word_u64(&rest);
	} else if (str_eq(key, STR("NStgid:"))) {
		t->vpid = word_last(&rest);
	} else if (str_eq(key, STR("NSpid:"))) {
		t->vtid = word_i64(&rest);
		inner = word_last(&rest);
		t->in_pid_namespace = inner > 0;
		if (t->in_pid_namespace)
			t->vtid = inner;
	} else if (str_eq(key, STR("NSpgid:"))) {
		t->vpgid = word_last(&rest);
	} else if (str_eq(key, STR("VmSize:"))) {
		t->vm_size_kb = (uint32_t)word_u64(&rest);
	} else if (str_eq(key, STR("VmRSS:"))) {
		t->vm_rss_kb = (uint32_t)word_u64(&rest);
	} else if (str_eq(key, STR("VmSwap:"))) {
		t->vm_swap_kb = (uint32_t)word_u64(&rest);
	} else if (str_eq(key, STR("CapInh:"))) {
		t->cap_inheritable = word_hex(&rest);
	} else if (str_eq(key, STR("CapPrm:"))) {
		t->cap_permitted = word_hex(&rest);
	} else if (str_eq(key, STR("CapEff:"))) {
		t->cap_effective = word_hex(&rest);
	}
}

static const struct procfs_task unread = { .vpid = -1, .vpgid = -1 };

/* What status says, over what stat said. */
static int read_status(pid_t tid, const struct procfs_task *stat, struct procfs_task *ret_task, struct error *err)
{
	struct procfs_task t = *stat;
	auto_free char *whole = NULL;
	char text[4096];
	struct str rest, line;
	ssize_t n = procfs_read_file(tid, "status", text, sizeof(text));

	t.vtid = tid;
	if (n < 0)
		return error_errno(err, (int)n, "cannot read /proc/%d/status", tid);
	/* the name comes first and is escaped by the kernel, so that every line is what it says */
	rest = (struct str){ text, (size_t)n };
	if (rest.len == sizeof(text) && status_read(tid, &whole) == 0)
		rest = str_of(whole);
	while (words_line(&rest, &line))
		parse_status_line(line, &t);
	if (t.tgid <= 0)
		return error_set(err, -EBADMSG, "/proc/%d/status has no Tgid", tid);
	if (t.vpid < 0)
		t.vpid = t.tgid;
	if (t.vpgid < 0)
		t.vpgid = t.pgid;
	*ret_task = t;
	return 0;
}

int procfs_read_status(pid_t tid, struct procfs_task *ret_task, struct error *err)
{
	return read_status(tid, &unread, ret_task, err);
}

int procfs_read_stat(pid_t tid, int fd, struct procfs_task *ret_task, struct error *err)
{
	char text[4096];
	ssize_t n = fd < 0 ? fd : file_read(fd, text, sizeof(text));
	int r;

	if (n < 0)
		return error_errno(err, (int)n, "cannot read /proc/%d/stat", tid);
	*ret_task = unread;
	r = parse_stat((struct str){ text, (size_t)n }, ret_task, err);
	return r < 0 ? error_prefix(err, r, "/proc/%d", tid) : 0;
}

int procfs_read_task(pid_t tid, struct procfs_task *ret_task, struct error *err)
{
	auto_fd int fd = procfs_open(tid, "stat");
	struct procfs_task t;
	int r = procfs_read_stat(tid, fd, &t, err);

	return r < 0 ? r : read_status(tid, &t, ret_task, err);
}

char procfs_read_state(pid_t tid)
{
	char text[256];
	ssize_t n = procfs_read_file(tid, "stat", text, sizeof(text));
	const char *close = n > 0 ? str_last((struct str){ text, (size_t)n }, ')') : NULL;

	return close && close + 2 < text + n ? close[2] : '\0';
}

int procfs_read_ids(pid_t tid, pid_t *ret_tgid, pid_t *ret_ppid, struct error *err)
{
	char text[1024]; /* both ids stand in the first lines */
	ssize_t n = procfs_read_file(tid, "status", text, sizeof(text));
	struct str rest, line;
	pid_t tgid = 0, ppid = -1;

	if (n < 0)
		return error_errno(err, (int)n, "cannot read /proc/%d/status", tid);
	rest = (struct str){ text, (size_t)n };
	while ((tgid <= 0 || ppid < 0) && words_line(&rest, &line)) {
		struct str words = line, key = words_next(&words);

		if (str_eq(key, STR("Tgid:")))
			tgid = (pid_t)word_i64(&words);
		else if (str_eq(key, STR("PPid:")))
			ppid = (pid_t)word_i64(&words);
	}
	if (tgid <= 0 || ppid < 0)
		return error_set(err, -EBADMSG, "/proc/%d/status has no Tgid or PPid", tid);
	*ret_tgid = tgid;
	*ret_ppid = ppid;
	return 0;
}

/* ---- cgroups ------------------------------------------------------------------------------------------- */

/* Falco's drivers report these five controllers in this order, by the kernel's own names ("io" is v1's blkio). */
static const struct {
	const char *name, *v1_name;
} controllers[] = {
	{ "cpuset", "cpuset" }, { "cpu", "cpu" }, { "cpuacct", "cpuacct" }, { "io", "blkio" }, { "memory", "memory" }
};

/* Whether the comma-separated list of a cgroup line names the controller. */
static bool lists_controller(struct str list, const char *name)
{
	struct str want = str_of(name);

	while (list.len) {
		const char *comma = memchr(list.ptr, ',', list.len);
		size_t len = comma ? (size_t)(comma - list.ptr) : list.len;

		if (str_eq((struct str){ list.ptr, len }, want))
			return true;
		len += comma != NULL;
		list.ptr += len;
		list.len -= len;
	}
	return false;
}

/* "ID:CONTROLLERS:PATH" */
static bool split_cgroup_line(struct str line, struct str *ret_list, struct str *ret_path)
{
	const char *first = memchr(line.ptr, ':', line.len), *second;

	if (!first)
		return false;
	second = memchr(first + 1, ':', line.len - (size_t)(first + 1 - line.ptr));
	if (!second)
		return false;
	*ret_list = (struct str){ first + 1, (size_t)(second - first - 1) };
	*ret_path = (struct str){ second + 1, line.len - (size_t)(second + 1 - line.ptr) };
	return true;
}

size_t procfs_read_cgroups(pid_t tid, char *bytes, size_t max)
{
	char text[8192];
	ssize_t n = procfs_read_file(tid, "cgroup", text, sizeof(text));
	size_t used = 0;

	if (n < 0)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(controllers); i++) {
		struct str rest = { text, (size_t)n }, line, list, path, found = { NULL, 0 };
		int len;

		while (words_line(&rest, &line)) {
			if (!split_cgroup_line(line, &list, &path))
				continue;
			if (lists_controller(list, controllers[i].v1_name)) {
				found = path;
				break;
			}
			if (list.len == 0) /* the unified hierarchy has what no line of its own names */
				found = path;
		}
		if (!found.ptr)
			continue;
		len = snprintf(bytes + used, max - used, "%s=" STR_FMT, controllers[i].name, STR_ARG(found));
		if (len < 0 || (size_t)len >= max - used)
			break;
		used += (size_t)len + 1;
	}
	return used;
}

/* ---- descriptors --------------------------------------------------------------------------------------- */

struct procfs_fdinfo procfs_parse_fdinfo(struct str text)
{
	struct procfs_fdinfo info = { .pid = 0 };
	struct str rest = text, line;

	while (words_line(&rest, &line)) {
		struct str words = line, key = words_next(&words);

		if (str_eq(key, STR("flags:"))) {
			struct str octal = words_next(&words);

			for (size_t i = 0; i < octal.len && octal.ptr[i] >= '0' && octal.ptr[i] <= '7'; i++)
				info.flags = info.flags << 3 | (uint32_t)(octal.ptr[i] - '0');
		} else if (str_eq(key, STR("mnt_id:"))) {
			info.mount_id = (uint32_t)word_u64(&words);
		} else if (str_eq(key, STR("ino:"))) {
			info.inode = word_u64(&words);
		} else if (str_eq(key, STR("Pid:"))) {
			info.pid = word_i64(&words);
		}
	}
	return info;
}

int procfs_read_fdlimit(pid_t tid, uint64_t *ret_limit)
{
	static const char key[] = "\nMax open files";
	struct rlimit limit;
	char text[4096];
	const char *at;
	ssize_t n;

	*ret_limit = 0;
	if (prlimit(tid, RLIMIT_NOFILE, NULL, &limit) == 0) {
		*ret_limit = limit.rlim_cur;
		return 0;
	}
	/* another user's are asked for with a capability that we gave up; the file is everybody's */
	n = procfs_read_file(tid, "limits", text, sizeof(text) - 1);
	if (n < 0)
		return (int)n;
	text[n] = '\0';
	at = strstr(text, key);
	if (!at)
		return -EBADMSG;
	at += strlen(key);
	at += strspn(at, " ");
	if (!strncmp(at, "unlimited", strlen("unlimited"))) {
		*ret_limit = RLIM_INFINITY;
		return 0;
	}
	return parse_u64((struct str){ at, strcspn(at, " \n") }, ret_limit) == 0 ? 0 : -EBADMSG;
}
