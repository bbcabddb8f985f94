/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/decode.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sched.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "event/event_text.h"

/* Calls of this process: what it made is in its own memory, read through /proc as any other's. */
static struct memory *memory;
static struct decode_memo *memo;
static struct event_builder builder;
static struct strbuf text;

static int open_memory(void **state)
{
	(void)state;
	memo = decode_memo_new(NULL);
	return memo ? memory_open(getpid(), NULL, &memory, NULL) : -1;
}

static int close_memory(void **state)
{
	(void)state;
	memory_close(memory);
	decode_memo_free(memo);
	event_builder_free(&builder);
	strbuf_free(&text);
	return 0;
}

#define P(pointer) (uint64_t)(uintptr_t)(pointer)
#define NO_RESULT  INT64_MIN

static struct event decode(long number, int64_t result, const uint64_t args[6])
{
	struct call c = { .tid = getpid(),
			  .pid = getpid(),
			  .ts = 1,
			  .number = number,
			  .has_result = result != NO_RESULT,
			  .result = result == NO_RESULT ? 0 : result,
			  .memory = memory,
			  .memo = memo,
			  .object_fd = -1 };
	struct error err = { 0 };
	struct event ev;

	memcpy(c.args, args, sizeof(c.args));
	if (decode_call(&c, &builder, &ev, &err) < 0)
		fail_msg("call %ld: %s", number, err.text);
	return ev;
}

#define DECODE(number, result, ...) decode(number, result, (const uint64_t[6]){ __VA_ARGS__ })

/* The event's text form without time and thread. */
static const char *shown(const struct event *ev)
{
	const char *at;

	strbuf_reset(&text);
	event_text_print(&text, ev);
	at = strchr(strchr(text.ptr, ' ') + 1, ' ');
	return at + 1;
}

static void test_calls(void **state)
{
	static const char a[] = "/etc/a", b[] = "../b";
	static const struct sockaddr_in inet = { AF_INET, 0x5000, { 0x0100007f }, { 0 } }; /* port 80 as on the net */
	static const struct sockaddr_un un = { AF_UNIX, "/run/s" }, hidden = { AF_UNIX, "\0name" };
	static const uint64_t how[3] = { O_RDWR | O_CREAT, 0600, 8 }, high = 1ull << 32;
	static const struct iovec piece = { (char *)(uintptr_t)a, 6 };
	static const struct pollfd polled = { 3, POLLOUT, POLLOUT };
	static const struct sembuf operation = { 2, -1, 0 };
	const struct {
		long number;
		int64_t result;
		uint64_t args[6];
		const char *text;
	} rows[] = {
		{ SYS_openat, -ENOENT, { AT_FDCWD, P(a), O_RDONLY | O_CLOEXEC, 0777 },
		  "openat fd=-2 dirfd=-100 name=/etc/a flags=4097 mode=0 dev=0 ino=0" },
		{ SYS_openat, -EACCES, { 5, P(b), O_WRONLY | O_CREAT | O_TRUNC, 0644 },
		  "openat fd=-13 dirfd=5 name=../b flags=262 mode=420 dev=0 ino=0" },
		{ SYS_openat, NO_RESULT, { AT_FDCWD, P(a), O_RDONLY | O_DIRECTORY, 0 },
		  "openat fd=? dirfd=-100 name=/etc/a flags=9217 mode=0 dev=? ino=?" },
		{ SYS_openat, -EFAULT, { AT_FDCWD, 8, 0, 0 },
		  "openat fd=-14 dirfd=-100 name=NA flags=1 mode=0 dev=0 ino=0" },
		{ SYS_openat2, -ENOENT, { AT_FDCWD, P(a), P(how), sizeof(how) },
		  "openat2 fd=-2 dirfd=-100 name=/etc/a flags=7 mode=384 resolve=1 dev=0 ino=0" },
		{ SYS_connect, NO_RESULT, { 3, P(&inet), sizeof(inet) },
		  "connect res=? tuple=? fd=3 addr=inet:127.0.0.1:80" },
		{ SYS_connect, -ECONNREFUSED, { 3, P(&un), sizeof(un) },
		  "connect res=-111 tuple=NA fd=3 addr=unix:/run/s" },
		{ SYS_connect, -ECONNREFUSED, { 3, P(&hidden), 7 }, "connect res=-111 tuple=NA fd=3 addr=unix:name" },
		{ SYS_connect, -EFAULT, { 3, 8, sizeof(inet) }, "connect res=-14 tuple=NA fd=3 addr=NA" },
		{ SYS_bind, 0, { 3, P(&inet), sizeof(inet) }, "bind res=0 addr=inet:127.0.0.1:80 fd=3" },
		{ SYS_ptrace, NO_RESULT, { PTRACE_ATTACH, 77, 0, 0 }, "ptrace res=? addr=? data=? request=11 pid=77" },
		{ SYS_ptrace,
		  0,
		  { PTRACE_TRACEME, 0, 0, 0 },
		  "ptrace res=0 addr=b\"\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\" "
		  "data=b\"\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\" request=1 pid=0" },
		{ SYS_socket, 4, { AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 3 },
		  "socket fd=4 domain=17 type=524291 proto=3 flags=4096" },
		{ SYS_socket, 4, { AF_INET, SOCK_PACKET | SOCK_CLOEXEC, 3 },
		  "socket fd=4 domain=17 type=524298 proto=3 flags=4096" },
		{ SYS_socket, 4, { AF_INET6, SOCK_PACKET, 3 }, "socket fd=4 domain=10 type=10 proto=3 flags=0" },
		{ SYS_dup, NO_RESULT, { 3 }, "dup res=? oldfd=3" },
		{ SYS_dup3, 1, { 3, 1, O_CLOEXEC }, "dup3 res=1 oldfd=3 newfd=1 flags=4096" },
		{ SYS_symlinkat, 0, { P(a), AT_FDCWD, P(b) },
		  "symlinkat res=0 target=/etc/a linkdirfd=-100 linkpath=../b" },
		{ SYS_linkat, 0, { AT_FDCWD, P(a), 4, P(b), AT_SYMLINK_FOLLOW },
		  "linkat res=0 olddir=-100 oldpath=/etc/a newdir=4 newpath=../b flags=1024" },
		{ SYS_unlinkat, 0, { AT_FDCWD, P(a), AT_REMOVEDIR },
		  "unlinkat res=0 dirfd=-100 name=/etc/a flags=512" },
		{ SYS_renameat2, 0, { 3, P(a), 4, P(b), 1 },
		  "renameat2 res=0 olddirfd=3 oldpath=/etc/a newdirfd=4 newpath=../b flags=1" },
		{ SYS_fchmodat, 0, { AT_FDCWD, P(a), 04755 }, "fchmodat res=0 dirfd=-100 filename=/etc/a mode=2541" },
		{ SYS_mkdirat, 0, { AT_FDCWD, P(a), 0755 }, "mkdirat res=0 dirfd=-100 path=/etc/a mode=493" },
		{ SYS_chdir, 0, { P(a) }, "chdir res=0 path=/etc/a" },
		{ SYS_setuid, 0, { 0x1234567800000000 }, "setuid res=0 uid=0" },
		{ SYS_setns, 0, { 9, CLONE_NEWNET }, "setns res=0 fd=9 nstype=16" },
		{ SYS_unshare, 0, { CLONE_NEWNS | CLONE_NEWUSER }, "unshare res=0 flags=1048608" },
		{ SYS_prctl, 0, { PR_SET_NAME, P("me") }, "prctl res=0 option=15 arg2_str=me arg2_int=0" },
		{ SYS_prctl, 0, { PR_SET_CHILD_SUBREAPER, 1 }, "prctl res=0 option=36 arg2_str=NA arg2_int=1" },
		{ SYS_kill, 0, { (uint64_t)-5, SIGKILL }, "kill res=0 pid=-5 sig=9" },
		{ SYS_mount, -EPERM, { P("none"), P(a), P("tmpfs"), 0xc0ed0001 },
		  "mount res=-1 dev=none dir=/etc/a type=tmpfs flags=1" },
		{ SYS_memfd_create, 5, { P("m"), 1 }, "memfd_create fd=5 name=m flags=1" },
		{ SYS_fcntl, 3, { 3, F_DUPFD_CLOEXEC, 10 }, "fcntl res=3 fd=3 cmd=26 arg=10" },
		{ SYS_write, 2, { 1, P(a), 6 }, "write res=2 data=b\"/e\" fd=1 size=6" },
		{ SYS_read, -EIO, { 0, P(a), 6 }, "read res=-5 data=NA fd=0 size=6" },
		/* counts and commands of which the kernel keeps 32 bits */
		{ SYS_writev, 2, { 1, P(&piece), high | 1 }, "writev res=2 data=b\"/e\" fd=1 size=6" },
		{ SYS_pwritev, 6, { 1, P(&piece), high | 1, 4 }, "pwritev res=6 data=b\"/etc/a\" fd=1 size=6 pos=4" },
		{ SYS_readv, 6, { 1, P(&piece), high | 1 }, "readv res=6 size=6 data=b\"/etc/a\" fd=1" },
		{ SYS_ppoll, 1, { P(&polled), high | 1, 0, 0 },
		  "ppoll res=1 fds=b\"\\x01\\x00\\x03\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x04\\x00\" timeout=18446744073709551615 sigmask=0" },
		{ SYS_semop, 0, { 7, P(&operation), high | 1 },
		  "semop res=0 nsops=1 sem_num_0=2 sem_op_0=-1 sem_flg_0=0 sem_num_1=0 sem_op_1=0 sem_flg_1=0 semid=7" },
		{ SYS_keyctl, 0, { high | KEYCTL_JOIN_SESSION_KEYRING, P(a) },
		  "keyctl res=0 operation=1 arg2=b\"\\x01/etc/a\\x00\" arg3=NA arg4=NA arg5=NA" },
		{ SYS_mprotect, 0, { 4096, 8192, PROT_READ | PROT_EXEC },
		  "mprotect res=0 addr=4096 length=8192 prot=5" },
		{ SYS_getpriority, 0, { 0 }, NULL }, /* no event of its own */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct event ev = decode(rows[i].number, rows[i].result, rows[i].args);

		if (rows[i].text)
			assert_string_equal(shown(&ev), rows[i].text);
		else
			assert_int_equal(ev.type, EV_GENERIC_X);
		assert_int_equal(ev.provisional, rows[i].result == NO_RESULT);
	}
}

/* Every call of the machine, with arguments that point nowhere: an event with as many parameters as its type has. */
static void test_all(void **state)
{
	static const uint64_t junk[] = { 0, 1, 8, UINT64_MAX, 0x7fffffffffffffff, 0xffff800000000000 };
	unsigned int seen = 0;

	(void)state;
	for (long number = 0; number < 512; number++) {
		if (!syscall_by_number(number))
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(junk); i++) {
			struct event entry =
				DECODE(number, NO_RESULT, junk[i], junk[i], junk[i], junk[i], junk[i], junk[i]);

			assert_int_equal(entry.nparams, entry.info->nparams);
			DECODE(number, -EINVAL, junk[i], junk[i], junk[i], junk[i], junk[i], junk[i]);
			DECODE(number, 1, junk[i], junk[i], junk[i], junk[i], junk[i], junk[i]);
		}
		seen++;
	}
	assert_true(seen > 300);
}

static void test_opened(void **state)
{
	auto_fd int fd = open("/", O_RDONLY | O_DIRECTORY);
	struct call c = { .tid = getpid(),
			  .pid = getpid(),
			  .number = SYS_openat,
			  .has_result = true,
			  .memory = memory,
			  .object_fd = -1 };
	struct event ev;
	struct stat st;

	(void)state;
	assert_true(fd >= 0 && fstat(fd, &st) == 0);
	ev = DECODE(SYS_openat, fd, AT_FDCWD, P("/"), O_RDONLY);
	assert_true(event_param_uint(&ev, 6) == st.st_ino);
	assert_int_not_equal(event_param_uint(&ev, 5), 0);
	/* our own descriptor of the object goes before the caller's number */
	c.args[1] = P("/");
	c.args[2] = O_RDWR | O_CREAT;
	c.result = 12345;
	c.object_fd = fd;
	c.created = true;
	assert_int_equal(decode_call(&c, &builder, &ev, NULL), 0);
	assert_true(event_param_uint(&ev, 6) == st.st_ino);
	assert_int_equal(event_param_uint(&ev, 3), 0x4000 | 7);
}

static void test_tuple(void **state)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	auto_fd int server = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t len = sizeof(a);
	char expected[96];
	struct event ev;
	struct sockaddr_in mine;

	(void)state;
	if (bind(server, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(server, 1) < 0 ||
	    getsockname(server, (struct sockaddr *)&a, &len) < 0 || connect(client, (struct sockaddr *)&a, len) < 0) {
		skip(); /* no loopback interface here */
		return;
	}
	getsockname(client, (struct sockaddr *)&mine, &len);
	ev = DECODE(SYS_connect, 0, (uint64_t)client, P(&a), sizeof(a));
	if (!event_param(&ev, 1).len)
		skip(); /* pidfd_getfd is refused here */
	snprintf(expected, sizeof(expected),
		 "connect res=0 tuple=inet:127.0.0.1:%u->127.0.0.1:%u fd=%d addr=inet:127.0.0.1:%u",
		 ntohs(mine.sin_port), ntohs(a.sin_port), client, ntohs(a.sin_port));
	assert_string_equal(shown(&ev), expected);
}

static void test_exec(void **state)
{
	const char *argv[] = { "prog", "-x", "two words", NULL }, *env[] = { "A=1", NULL };
	struct event ev = DECODE(SYS_execve, NO_RESULT, P("/bin/prog"), P(argv), P(env));

	(void)state;
	assert_int_equal(ev.type, EV_SYSCALL_EXECVE_19_X);
	assert_true(ev.provisional && event_param_unknown(&ev, 0) && event_param_unknown(&ev, 27));
	assert_true(str_eq(event_param_text(&ev, 1), STR("prog")));
	assert_true(str_eq(event_param(&ev, 2), (struct str){ "-x\0two words", 13 }));
	assert_true(str_eq(event_param(&ev, 15), (struct str){ "A=1", 4 }));
	assert_true(str_eq(event_param_text(&ev, 30), STR("/bin/prog")));

	ev = DECODE(SYS_execve, -ENOENT, P("/bin/prog"), P(argv), P(env));
	assert_false(ev.provisional);
	assert_int_equal(event_param_int(&ev, 0), -ENOENT);
	assert_true(str_eq(event_param_text(&ev, 1), STR("prog")));
	assert_int_equal(event_param_int(&ev, 4), getpid());
	assert_int_equal(event_param_uint(&ev, 26), geteuid());
	assert_int_equal(event_param(&ev, 6).len, 0);

	ev = DECODE(SYS_execveat, NO_RESULT, 5, P(""), P(argv), P(env), AT_EMPTY_PATH);
	assert_int_equal(ev.type, EV_SYSCALL_EXECVEAT_X);
	assert_true(str_eq(event_param_text(&ev, 1), STR("prog")));
}

/* Memory of another process, also at the edge of what is mapped. */
static void test_memory(void **state)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *two = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct memory *m;
	char bytes[64];
	pid_t child;

	assert_true(two != MAP_FAILED);
	memcpy(two + page - 6, "at/end", 6); /* no NUL before the unmapped page */
	memcpy(two, "plain", 6);
	assert_int_equal(munmap(two + page, page), 0);
	child = fork();
	if (child == 0) {
		for (;;)
			pause();
	}
	assert_true(child > 0);
	m = *state ? memory_direct(child, NULL) : NULL;
	if (!*state)
		assert_int_equal(memory_open(child, NULL, &m, NULL), 0);
	assert_non_null(m);
	assert_int_equal(memory_is_direct(m), *state != NULL);
	assert_int_equal(memory_read_string(m, P(two), bytes, sizeof(bytes)), 5);
	assert_memory_equal(bytes, "plain", 5);
	assert_int_equal(memory_read_string(m, P(two), bytes, 3), -ENAMETOOLONG);
	assert_true(memory_read_string(m, P(two + page - 6), bytes, sizeof(bytes)) < 0);
	assert_int_equal(memory_read(m, P(two + page - 6), bytes, 6), 0);
	assert_true(memory_read(m, P(two + page - 6), bytes, 7) < 0);
	assert_true(memory_read(m, 0, bytes, 1) < 0);
	assert_true(memory_read(m, UINT64_MAX, bytes, 1) < 0);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	assert_true(memory_read(m, P(two), bytes, 1) < 0);
	memory_close(m);
	munmap(two, page);
}

static void test_native(void **state)
{
	static const struct {
		uint16_t event;
		struct arg_test test;
		size_t count; /* 0 = refused */
		struct native_test first;
	} rows[] = {
		/* written to: by mode 1 or 2 */
		{ EV_SYSCALL_OPENAT_2_X, { 3, false, 2, 2 }, 2, { 2, 3, 1 } },
		{ EV_SYSCALL_OPENAT_2_X, { 3, false, 3, 3 }, 1, { 2, 3, 2 } },
		{ EV_SYSCALL_OPENAT_2_X, { 3, false, 4, 4 }, 1, { 2, O_CREAT, O_CREAT } },
		{ EV_SYSCALL_OPENAT_2_X, { 3, true, 4, 4 }, 1, { 2, O_CREAT, 0 } },
		{ EV_SYSCALL_OPENAT_2_X, { 3, false, 0x4000, 0x4000 }, 0, { 0 } }, /* made: only the result tells */
		{ EV_SYSCALL_OPENAT_2_X, { 2, false, 1, 1 }, 0, { 0 } }, /* a name */
		{ EV_SYSCALL_OPENAT_2_X, { 0, false, 1, 1 }, 0, { 0 } }, /* the result */
		{ EV_SYSCALL_OPENAT2_X, { 3, false, 2, 2 }, 0, { 0 } }, /* behind a pointer */
		/* or an internet socket, which may become one */
		{ EV_SOCKET_SOCKET_X, { 1, false, UINT32_MAX, AF_PACKET }, 2, { 0, UINT32_MAX, AF_PACKET } },
		{ EV_SOCKET_SOCKET_X, { 1, false, UINT32_MAX, AF_INET6 }, 1, { 0, UINT32_MAX, AF_INET6 } },
		{ EV_SYSCALL_PTRACE_X, { 3, false, 0xffff, 11 }, 1, { 0, UINT32_MAX, PTRACE_ATTACH } },
		{ EV_SYSCALL_PTRACE_X, { 3, true, 0xffff, 11 }, 0, { 0 } },
		{ EV_SYSCALL_PTRACE_X, { 3, false, 0xffff, 0 }, 0, { 0 } }, /* any unknown request */
		{ EV_SYSCALL_KILL_X, { 2, false, 0xff, 9 }, 1, { 1, 0xff, 9 } },
		{ EV_SYSCALL_DUP2_X, { 1, false, UINT64_MAX, 5 }, 1, { 0, UINT32_MAX, 5 } },
		{ EV_SYSCALL_UNSHARE_X, { 1, false, 0x100000, 0x100000 }, 1, { 0, CLONE_NEWUSER, CLONE_NEWUSER } },
		{ EV_SYSCALL_SETUID_X, { 9, false, 1, 1 }, 0, { 0 } }, /* no such parameter */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct native_test tests[NATIVE_TESTS] = { 0 };
		size_t count = 0;

		assert_int_equal(decode_native_test(&rows[i].test, rows[i].event, tests, &count), rows[i].count > 0);
		assert_int_equal(count, rows[i].count);
		if (!count)
			continue;
		assert_int_equal(tests[0].arg, rows[i].first.arg);
		assert_true(tests[0].mask == rows[i].first.mask);
		assert_true(tests[0].value == rows[i].first.value);
	}
}

/* What a path that is at an address is at the entry of a call. */
static const char *at_entry(enum call_bytes bytes, void *at)
{
	struct call c = { .tid = getpid(),
			  .pid = getpid(),
			  .ts = 1,
			  .number = SYS_chdir,
			  .args = { P(at) },
			  .bytes = bytes,
			  .memory = memory,
			  .memo = memo,
			  .object_fd = -1 };
	struct event ev;

	assert_int_equal(decode_call(&c, &builder, &ev, NULL), 0);
	return strstr(shown(&ev), "path=");
}

static void test_changing(void **state)
{
	static const char path[] = "/etc/a";
	auto_fd int file = memfd_create("page", MFD_CLOEXEC);
	char *own = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *others = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char *page;

	(void)state;
	if (file < 0) {
		skip(); /* refused here */
		return;
	}
	assert_int_equal(pwrite(file, path, sizeof(path), 0), sizeof(path));
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
	assert_true(own != MAP_FAILED && others != MAP_FAILED && page != MAP_FAILED);
	memcpy(own, path, sizeof(path));
	memcpy(others, path, sizeof(path));
	assert_string_equal(at_entry(BYTES_FIXED, others), "path=/etc/a");
	assert_string_equal(at_entry(BYTES_SHARED, own), "path=?");
	assert_string_equal(at_entry(BYTES_PRIVATE, own), "path=/etc/a");
	assert_string_equal(at_entry(BYTES_PRIVATE, others), "path=?");
	/* a page of a file is the process's own when it has written there */
	assert_string_equal(at_entry(BYTES_PRIVATE, page), "path=?");
	memcpy(page, path, sizeof(path));
	assert_string_equal(at_entry(BYTES_PRIVATE, page), "path=/etc/a");
	munmap(own, 4096);
	munmap(others, 4096);
	munmap(page, 4096);
}

static bool directly = true;

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calls), cmocka_unit_test(test_all),    cmocka_unit_test(test_opened),
		cmocka_unit_test(test_tuple), cmocka_unit_test(test_exec),   cmocka_unit_test(test_memory),
		cmocka_unit_test_prestate(test_memory, &directly),
		cmocka_unit_test(test_native),
		cmocka_unit_test(test_changing),
	};

	return cmocka_run_group_tests(tests, open_memory, close_memory);
}
