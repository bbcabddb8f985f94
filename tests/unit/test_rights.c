/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/rights.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/limits.h"

#define BIT(c) (UINT64_C(1) << (c))

static uint64_t effective(void)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = { { 0 } };

	assert_int_equal(syscall(SYS_capget, &header, data), 0);
	return (uint64_t)data[1].effective << 32 | data[0].effective;
}

static void own_lines(char lines[4096])
{
	gid_t groups[64];
	int n = getgroups(64, groups), at = snprintf(lines, 4096, "%u\n%u\n", geteuid(), getegid());

	for (int i = 0; i < n; i++)
		at += snprintf(lines + at, 4096 - (size_t)at, "%u ", groups[i]);
	snprintf(lines + at, 4096 - (size_t)at, "\n%016llx\n", (unsigned long long)effective());
}

static struct rights_book *new_book(void)
{
	struct rights_book *book;
	char lines[4096];

	own_lines(lines);
	book = rights_new(lines);
	assert_non_null(book);
	return book;
}

/* ---- lines ---- */

static const struct {
	const char *lines;
	bool good;
	uid_t user;
	gid_t group;
	size_t groups;
	uint64_t capabilities;
} texts[] = {
	{ "0\n0\n0 \n000001ffffffffff\n", true, 0, 0, 1, 0x1ffffffffff },
	{ "1\n2\n\n0\n", true, 1, 2, 0, 0 },
	{ "1\n2\n \n0\n", true, 1, 2, 0, 0 },
	{ "1\n2\n4 20 24 \n400\n", true, 1, 2, 3, 0x400 },
	{ "4294967294\n4294967294\n4294967294\n0\n", true, 4294967294, 4294967294, 1, 0 },
	{ "", false, 0, 0, 0, 0 },
	{ "\n\n\n\n", false, 0, 0, 0, 0 },
	{ "x\n0\n\n0\n", false, 0, 0, 0, 0 },
	{ "0 0\n0\n\n0\n", false, 0, 0, 0, 0 },
	{ "0\n\n\n0\n", false, 0, 0, 0, 0 },
	{ "0\n0\n", false, 0, 0, 0, 0 },
	{ "0\n0\n1 x \n0\n", false, 0, 0, 0, 0 },
	{ "0\n0\n-1 \n0\n", false, 0, 0, 0, 0 },
	{ "0\n0\n1 2", false, 0, 0, 0, 0 },
	{ "0\n0\n1 2\n", false, 0, 0, 0, 0 },
	{ "0\n0\n\ng\n", false, 0, 0, 0, 0 },
	{ "0\n0\n\n0", false, 0, 0, 0, 0 },
};

static void test_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct rights_book *book = rights_new(texts[i].lines);
		const struct rights *r;

		if (!!book != texts[i].good)
			fail_msg("\"%s\": %s", texts[i].lines, book ? "taken" : "refused");
		if (!book)
			continue;
		/* whether others can be taken on or not */
		r = rights_find(book, texts[i].lines);
		assert_non_null(r);
		assert_int_equal(r->fsuid, texts[i].user);
		assert_int_equal(r->fsgid, texts[i].group);
		assert_int_equal(r->ngroups, texts[i].groups);
		assert_int_equal(r->capabilities, texts[i].capabilities);
		/* the same text is the same rights */
		assert_ptr_equal(rights_find(book, texts[i].lines), r);
		rights_free(book);
	}
	rights_free(NULL);
}

/* ---- what can be taken on ---- */

/* The rights of a user without groups; NULL where those of others cannot be taken on. */
static const struct rights *find(struct rights_book *book, uid_t user, uint64_t capabilities)
{
	char lines[64];

	snprintf(lines, sizeof(lines), "%u\n%u\n\n%llx\n", user, user, (unsigned long long)capabilities);
	return rights_find(book, lines);
}

static void need_others(struct rights_book *book)
{
	if (!find(book, 12345, 0)) {
		rights_free(book);
		skip();
	}
}

static void need_able(void)
{
	struct rights_book *book = new_book();

	need_others(book);
	rights_free(book);
}

static void test_found(void **state)
{
	struct rights_book *book = new_book();
	unsigned int found = 1; /* our own */

	(void)state;
	need_others(book);
	found++;
	assert_ptr_equal(find(book, 12345, 0), find(book, 12345, 0));
	/* more than we have ourselves, and what is no text of the kernel */
	assert_null(find(book, 12345, ~effective()));
	assert_null(rights_find(book, "12345\nx"));
	/* as many kinds as there is room for: what was known stays */
	for (uid_t user = 20000; find(book, user, 0); user++)
		found++;
	assert_int_equal(found, RIGHTS_KINDS);
	assert_non_null(find(book, 12345, 0));
	rights_free(book);
}

/* ---- where they cannot be taken on ---- */

enum { NO_SUCH_PLACE = 77 };

/* Has a place made and looked at by a child of its own: its status, 0 = as it should be. */
static void in_place(int (*look)(int), int argument)
{
	pid_t child = fork();
	int status;

	if (child == 0)
		_exit(look(argument));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == NO_SUCH_PLACE)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));

	return fd < 0 || close(fd) < 0 || n != (ssize_t)strlen(text) ? -1 : 0;
}

/* Who can be found of a user 65534, a group, who has it as a further one, and somebody else: a bit each. */
static int find_unmapped(void)
{
	static const char *const lines[] = { "65534\n5\n\n0\n", "5\n65534\n\n0\n", "5\n5\n4 65534 \n0\n", "5\n5\n4 \n0\n" };
	struct rights_book *book = new_book();
	int found = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(lines); i++)
		found |= rights_find(book, lines[i]) ? 1 << i : 0;
	rights_free(book);
	return found;
}

/* Gives a process its numbers when it says that it is in its namespace: itself it may not any more. */
static int map_ids(pid_t pid, int wide, int gate)
{
	static const char few[] = "0 0 1000\n", all[] = "0 0 4294967295\n";
	char path[64], c;

	if (read(gate, &c, 1) != 1)
		return 1;
	snprintf(path, sizeof(path), "/proc/%d/uid_map", pid);
	if (write_file(path, wide & 1 ? all : few) < 0)
		return 1;
	snprintf(path, sizeof(path), "/proc/%d/gid_map", pid);
	return write_file(path, wide & 2 ? all : few) < 0;
}

/* wide: 1 = all users have a number, 2 = all groups, 3 = both */
static int look_unmapped(int wide)
{
	pid_t self = getpid(), mapper;
	int gate[2], status = -1;

	if (pipe(gate) < 0)
		return 2;
	mapper = fork();
	if (mapper == 0)
		_exit(close(gate[1]) || map_ids(self, wide, gate[0]));
	if (unshare(CLONE_NEWUSER) < 0 || write(gate[1], "", 1) != 1 || waitpid(mapper, &status, 0) != mapper || status)
		return NO_SUCH_PLACE;
	return find_unmapped() == (wide == 3 ? 15 : 8) ? 0 : 1;
}

/* An id without a number in the namespace is shown as 65534, so it is no user like others there. */
static void test_unmapped(void **state)
{
	(void)state;
	need_able();
	for (int wide = 0; wide < 4; wide++)
		in_place(look_unmapped, wide);
}

/* Where programs that changed users may be dumped, so might we be. */
static int look_dumpable(int setting)
{
	char path[] = "/tmp/rights.XXXXXX", text[] = { (char)('0' + setting), '\n', '\0' };
	int fd = mkstemp(path), found = -1;
	struct rights_book *book;

	if (fd >= 0 && close(fd) == 0 && write_file(path, text) == 0 && unshare(CLONE_NEWNS) == 0 &&
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	    mount(path, "/proc/sys/fs/suid_dumpable", NULL, MS_BIND, NULL) == 0) {
		book = new_book();
		found = !!find(book, 12345, 0);
		rights_free(book);
	}
	unlink(path);
	return found < 0 ? NO_SUCH_PLACE : found == (setting != 1) ? 0 : 1;
}

static void test_dumpable_setting(void **state)
{
	(void)state;
	need_able();
	for (int setting = 0; setting < 3; setting++)
		in_place(look_dumpable, setting);
}

/* What the kernel makes of a change of users is taken back, and who was closed stays so. */
static int look_back(int dumpable)
{
	struct rights_book *book;
	const struct rights *r;

	if (prctl(PR_SET_DUMPABLE, dumpable, 0, 0, 0) < 0)
		return 1;
	book = new_book();
	r = find(book, 12345, 0);
	if (!r || rights_assume(book, r) < 0)
		return 2;
	if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 1)
		return 3;
	rights_return(book, r);
	return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == dumpable ? 0 : 4;
}

static void test_dumpable(void **state)
{
	(void)state;
	need_able();
	in_place(look_back, 0);
	in_place(look_back, 1);
}

/* Takes capabilities away from what is in effect, or, 64 and above, for good. */
static int look_without(int capability)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = { { 0 } };
	struct rights_book *book;
	int found;

	if (syscall(SYS_capget, &header, data) < 0)
		return 1;
	data[0].effective &= ~(1u << capability % 64);
	if (capability >= 64)
		data[0].permitted = data[0].effective;
	if (syscall(SYS_capset, &header, data) < 0)
		return 2;
	book = new_book();
	found = !!find(book, 12345, 0);
	rights_free(book);
	return found ? 3 : 0;
}

/* Without the right to change users, or groups, and where coming back to root gives more than was in effect. */
static void test_incapable(void **state)
{
	(void)state;
	need_able();
	in_place(look_without, 64 + CAP_SETUID);
	in_place(look_without, 64 + CAP_SETGID);
	in_place(look_without, CAP_DAC_OVERRIDE);
}

/* Whose files come to another group than his own group's could not come back to that. */
static int look_grouped(int group)
{
	struct rights_book *book;
	char lines[64];
	int found;

	syscall(SYS_setfsgid, group);
	snprintf(lines, sizeof(lines), "0\n%d\n\n%llx\n", group, (unsigned long long)effective());
	book = rights_new(lines);
	found = !book || find(book, 12345, 0);
	rights_free(book);
	return found;
}

static void test_other_group(void **state)
{
	(void)state;
	need_able();
	in_place(look_grouped, 5);
}

static int set_sets(bool all, uint32_t inheritable)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = { { 0 } };

	if (syscall(SYS_capget, &header, data) < 0)
		return -1;
	for (int i = 0; all && i < 2; i++)
		data[i].effective = data[i].permitted;
	data[0].inheritable = inheritable;
	return (int)syscall(SYS_capset, &header, data);
}

static bool has_inheritable(uint32_t inheritable)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = { { 0 } };

	return syscall(SYS_capget, &header, data) == 0 && data[0].inheritable == inheritable;
}

enum other { OTHER_USER, OTHERS_FILES, OTHER_CAPABILITIES };

/* Who is somebody else than root, in all or for files, or not what was read. */
static int look_other(int other)
{
	struct rights_book *book;
	char lines[64];
	int found;

	if (other == OTHER_USER)
		syscall(SYS_setresuid, -1, 5, -1);
	syscall(SYS_setfsuid, other == OTHERS_FILES ? 5 : 0);
	if (set_sets(true, 0) < 0)
		return 2;
	snprintf(lines, sizeof(lines), "%d\n0\n\n%llx\n", other == OTHERS_FILES ? 5 : 0,
		 (unsigned long long)(other == OTHER_CAPABILITIES ? effective() & ~BIT(CAP_CHOWN) : effective()));
	book = rights_new(lines);
	found = !book || find(book, 12345, 0);
	rights_free(book);
	return found;
}

static void test_other(void **state)
{
	(void)state;
	need_able();
	for (int other = OTHER_USER; other <= OTHER_CAPABILITIES; other++)
		in_place(look_other, other);
}

/* What programs would inherit stays as it is. */
static int look_inheritable(int inheritable)
{
	struct rights_book *book;
	const struct rights *r;

	if (set_sets(false, (uint32_t)inheritable) < 0)
		return 2;
	book = new_book();
	r = find(book, 12345, 0);
	if (!r || rights_assume(book, r) < 0 || !has_inheritable((uint32_t)inheritable))
		return 3;
	rights_return(book, r);
	return has_inheritable((uint32_t)inheritable) ? 0 : 4;
}

static void test_inheritable(void **state)
{
	(void)state;
	need_able();
	in_place(look_inheritable, 0);
	in_place(look_inheritable, 1 << CAP_CHOWN | 1 << CAP_FOWNER);
}

/* Who has as many groups, and other ones. */
static int look_groups(int other)
{
	gid_t own = 5, now;
	struct rights_book *book;
	const struct rights *r;
	char lines[64];

	if (setgroups(1, &own) < 0)
		return 2;
	book = new_book();
	snprintf(lines, sizeof(lines), "12345\n12345\n%d \n0\n", other);
	r = rights_find(book, lines);
	if (!r || rights_assume(book, r) < 0)
		return 3;
	if (getgroups(1, &now) != 1 || now != (gid_t)other)
		return 4;
	rights_return(book, r);
	return getgroups(1, &now) == 1 && now == own ? 0 : 5;
}

/* A user that there cannot be: nothing of him is left. */
static int look_refused(int group)
{
	struct rights_book *book = new_book();
	char before[4096], behind[4096], lines[64];
	const struct rights *r;

	own_lines(before);
	snprintf(lines, sizeof(lines), "4294967295\n%d\n%d %d \n0\n", group, group, group + 1);
	r = rights_find(book, lines);
	if (!r || rights_assume(book, r) != -EPERM)
		return 2;
	own_lines(behind);
	if (strcmp(before, behind) != 0)
		return 3;
	return syscall(SYS_setfsgid, -1) == getegid() && syscall(SYS_setfsuid, -1) == geteuid() ? 0 : 4;
}

static void test_taken_back(void **state)
{
	(void)state;
	need_able();
	in_place(look_groups, 6);
	in_place(look_refused, 6);
}

/* ---- what the kernel makes of them ---- */

enum act { READ, MAKE, REMOVE_STICKY, GIVE, CHMOD };

/* Files belong to user 12345 (mode 600) or to root. */
static const struct rule {
	enum act act;
	bool theirs; /* the file of user 12345 */
	uid_t user;
	uint64_t capabilities;
	int error;
} rules[] = {
	{ READ, true, 12345, 0, 0 },
	{ READ, true, 12346, 0, EACCES },
	{ READ, true, 12346, BIT(CAP_DAC_OVERRIDE), 0 },
	{ READ, true, 12346, BIT(CAP_DAC_READ_SEARCH), 0 },
	{ READ, true, 12346, BIT(CAP_FOWNER), EACCES },
	/* to be user 0 is no right: what it may natively comes of its capabilities */
	{ READ, true, 0, 0, EACCES },
	{ READ, true, 0, BIT(CAP_DAC_OVERRIDE), 0 },
	{ READ, false, 0, 0, 0 },
	{ MAKE, false, 12345, 0, EACCES },
	{ MAKE, false, 12345, BIT(CAP_DAC_READ_SEARCH), EACCES },
	{ MAKE, false, 12345, BIT(CAP_DAC_OVERRIDE), 0 },
	{ REMOVE_STICKY, true, 12346, 0, EPERM },
	{ REMOVE_STICKY, true, 12346, BIT(CAP_DAC_OVERRIDE), EPERM },
	{ REMOVE_STICKY, true, 12346, BIT(CAP_FOWNER), 0 },
	{ REMOVE_STICKY, true, 12345, 0, 0 },
	{ GIVE, true, 12345, 0, EPERM },
	{ GIVE, true, 12345, BIT(CAP_FOWNER), EPERM },
	{ GIVE, true, 12345, BIT(CAP_CHOWN), 0 },
	{ CHMOD, true, 12345, 0, 0 },
	{ CHMOD, true, 12346, BIT(CAP_CHOWN), EPERM },
	{ CHMOD, true, 12346, BIT(CAP_FOWNER), 0 },
};

static void file_of(int folder, const char *name, uid_t owner)
{
	int fd = openat(folder, name, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(fchown(fd, owner, owner), 0);
	assert_int_equal(fchmod(fd, 0600), 0);
	close(fd);
}

static int carry_out(const struct rule *rule, int folder, int sticky)
{
	const char *name = rule->theirs ? "theirs" : "ours";
	int r = -1;

	switch (rule->act) {
	case READ:
		r = openat(folder, name, O_RDONLY | O_CLOEXEC);
		break;
	case MAKE:
		r = openat(folder, "made", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
		break;
	case REMOVE_STICKY:
		r = unlinkat(sticky, name, 0);
		break;
	case GIVE:
		r = fchownat(folder, name, 0, (gid_t)-1, 0);
		break;
	case CHMOD:
		r = fchmodat(folder, name, 0640, 0);
		break;
	}
	r = r < 0 ? errno : r > 0 && close(r) < 0 ? errno : 0;
	return r;
}

static void test_rules(void **state)
{
	char path[] = "/tmp/rights.XXXXXX";
	struct rights_book *book = new_book();
	uint64_t before = effective();
	int folder, sticky;

	(void)state;
	need_others(book);
	assert_non_null(mkdtemp(path));
	assert_int_equal(chmod(path, 0755), 0);
	folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(mkdirat(folder, "sticky", 0), 0);
	assert_int_equal(fchmodat(folder, "sticky", 01777, 0), 0);
	sticky = openat(folder, "sticky", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		const struct rights *r = find(book, rules[i].user, rules[i].capabilities);
		int error;

		unlinkat(folder, "made", 0);
		file_of(folder, "theirs", 12345);
		file_of(folder, "ours", 0);
		file_of(sticky, "theirs", 12345);
		assert_non_null(r);
		assert_int_equal(rights_assume(book, r), 0);
		assert_true(effective() == rules[i].capabilities);
		error = carry_out(&rules[i], folder, sticky);
		rights_return(book, r);
		if (error != rules[i].error)
			fail_msg("rule %zu: %s", i, strerror(error));
		assert_int_equal(effective(), before);
		assert_int_equal(syscall(SYS_setfsuid, -1), 0);
	}
	unlinkat(sticky, "theirs", 0);
	unlinkat(folder, "sticky", AT_REMOVEDIR);
	unlinkat(folder, "theirs", 0);
	unlinkat(folder, "ours", 0);
	unlinkat(folder, "made", 0);
	close(sticky);
	close(folder);
	assert_int_equal(rmdir(path), 0);
	rights_free(book);
}

/* ---- failures half way ---- */

/* From here on the call fails, with this first argument alone unless it is -1. */
static int break_call(long number, uint32_t first)
{
	const uint32_t refuse = SECCOMP_RET_ERRNO | ENOMEM;
	const struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, first, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, refuse),
		BPF_STMT(BPF_RET | BPF_K, first == UINT32_MAX ? refuse : SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = { ARRAY_SIZE(program), (struct sock_filter *)program };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0);
}

static const struct {
	const char *what;
	long number;
	uint32_t first;
	bool back; /* it comes back; else it ends, rather than go on with the rights of another */
} breaks[] = {
	{ "no groups of others", SYS_setgroups, 0, true },
	{ "no group of others", SYS_setfsgid, 12345, true },
	{ "no user of others", SYS_setfsuid, 12345, true },
	{ "not back to our groups", SYS_setgroups, 1, false },
	{ "not back to our group", SYS_setfsgid, 0, false },
	{ "not back to our user", SYS_setfsuid, 0, false },
	{ "no capabilities", SYS_capset, UINT32_MAX, false },
	{ "not to be dumped or not as before", SYS_prctl, PR_SET_DUMPABLE, false },
};

static int try_broken(size_t i, bool tells)
{
	struct rights_book *book = new_book();
	const struct rights *r = find(book, 12345, 0);
	const gid_t group = 54321; /* so that groups differ */
	uint64_t before;

	close(STDERR_FILENO);
	if (tells && open("/dev/null", O_WRONLY) != STDERR_FILENO)
		return 1;
	if (setgroups(1, &group) < 0)
		return 2;
	rights_free(book);
	book = new_book();
	r = find(book, 12345, 0);
	before = effective();
	if (!r || break_call(breaks[i].number, breaks[i].first) < 0)
		return 3;
	if (rights_assume(book, r) == 0) {
		if (breaks[i].back)
			return 4;
		rights_return(book, r);
		return 5;
	}
	if (effective() != before || syscall(SYS_setfsuid, -1) != 0 || syscall(SYS_setfsgid, -1) != 0 ||
	    getgroups(0, NULL) != 1)
		return 6;
	return 0;
}

static void test_broken(void **state)
{
	(void)state;
	need_able();
	for (size_t i = 0; i < 2 * ARRAY_SIZE(breaks); i++) {
		bool back = breaks[i / 2].back, tells = i % 2;
		pid_t child = fork();
		int status;

		if (child == 0) {
			signal(SIGABRT, SIG_DFL);
			_exit(try_broken(i / 2, tells));
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		status &= ~0x80; /* with a core */
		if (status != (back ? 0 : tells ? SIGABRT : 70 << 8))
			fail_msg("%s, %d: status %#x", breaks[i / 2].what, tells, (unsigned int)status);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_found),
		cmocka_unit_test(test_unmapped),
		cmocka_unit_test(test_dumpable_setting),
		cmocka_unit_test(test_dumpable),
		cmocka_unit_test(test_incapable),
		cmocka_unit_test(test_other_group),
		cmocka_unit_test(test_other),
		cmocka_unit_test(test_inheritable),
		cmocka_unit_test(test_taken_back),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
