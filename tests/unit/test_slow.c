/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/slow.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "tracer/filesystem.h"
#include "tracer/mount.h"
#include "tracer/statx.h"

static void test_mounts(void **state)
{
	struct slow s = { .fd = -1 };

	(void)state;
	assert_int_equal(slow_parse(&s, STR("36 35 98:0 / / rw,noatime master:1 - ext4 /dev/root rw,errors=continue\n"
					    "37 36 0:4 / /a\\040-\\040b rw shared:2 master:1 - fuse.sshfs host:/x rw\n"
					    "38 36 0:5 / /net rw - nfs4 host:/y rw\n"
					    "x 36 0:5 / /bad rw - nfs4 host:/y rw\n"
					    "39 36 0:5 / /bad rw nfs4\n"
					    "40 36 0:5 / /tmp rw - tmpfs tmpfs rw")),
			 0);
	assert_int_equal(s.count, 2);
	assert_int_equal(s.list[0], 37);
	assert_int_equal(s.list[1], 38);
	assert_int_equal(slow_parse(&s, STR("")), 0);
	assert_int_equal(s.count, 0);
	slow_free(&s);
}

static void test_options(void **state)
{
	static const struct {
		const char *options, *value;
	} rows[] = {
		{ "rw,lowerdir=/l,upperdir=/u,workdir=/w", "/u" },
		{ "rw,lowerdir=/l,upperdir=/u=v", "/u=v" },
		{ "upperdir=/u", "/u" },
		{ "rw,lowerdir=/upperdir=/l,upperdir=/u", "/u" },
		{ "rw,lowerdir=/upperdir=/l", "" },
		{ "rw,upperdirs=/l", "" },
		{ "rw,upperdir", "" },
		{ "rw,upperdir=", "" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (!str_eq(mount_option(str_of(rows[i].options), STR("upperdir")), str_of(rows[i].value)))
			fail_msg("%s", rows[i].options);
}

static void test_covers(void **state)
{
	(void)state;
	assert_true(mount_covers(STR("/"), STR("/")));
	assert_true(mount_covers(STR("/"), STR("/usr/bin")));
	assert_true(mount_covers(STR("/usr"), STR("/usr/bin")));
	assert_true(mount_covers(STR("/usr"), STR("/usr")));
	assert_false(mount_covers(STR("/usr"), STR("/us")));
	assert_false(mount_covers(STR("/usr"), STR("/usr-local")));
	assert_false(mount_covers(STR("/usr"), STR("/lib")));
	assert_false(mount_covers(STR("/"), STR("usr")));
}

/*
 * Whether an overlay is slow, as if /proc were a mount that is, and the overlay 2 were another one with
 * layers that cannot be told, and the overlay 4 one that covers a layer on /proc.
 */
static bool slow_overlay(uint64_t proc, const char *point, const char *options)
{
	struct slow s = { .fd = -1 };
	char text[1024];
	bool slow = false;

	snprintf(text, sizeof(text),
		 "1 9 0:1 / %s rw - overlay overlay rw,%s\n"
		 "2 9 0:2 / /other rw - overlay overlay rw,relatime\n"
		 "3 9 0:3 / /third rw - overlay overlay rw,lowerdir=/usr,upperdir=/tmp\n"
		 "%llu 9 0:4 / /proc rw - fuse.x x rw\n"
		 "4 %llu 0:5 / /usr/lib rw - overlay overlay rw,lowerdir=/usr/lib/x,upperdir=/tmp",
		 point, options, (unsigned long long)proc, (unsigned long long)proc);
	assert_int_equal(slow_parse(&s, str_of(text)), 0);
	for (size_t i = 0; i < s.count; i++) {
		slow |= s.list[i] == 1;
		assert_int_not_equal(s.list[i], 3);
	}
	assert_int_equal(s.count, slow + 3);
	slow_free(&s);
	return slow;
}

static void test_overlays(void **state)
{
	struct statx st;

	(void)state;
	assert_int_equal(statx(AT_FDCWD, "/proc", 0, STATX_MNT_ID, &st), 0);
	if (!(st.stx_mask & STATX_MNT_ID))
		skip();
	assert_false(slow_overlay(st.stx_mnt_id, "/a", "lowerdir=/usr:/etc,upperdir=/tmp,workdir=/dev"));
	assert_false(slow_overlay(st.stx_mnt_id, "/a", "lowerdir=/usr::/etc"));
	assert_false(slow_overlay(st.stx_mnt_id, "/a", "lowerdir+=/usr,lowerdir+=/etc,datadir+=/tmp,xino=off"));
	assert_true(slow_overlay(st.stx_mnt_id, "/a", "lowerdir=/usr:/proc/sys,upperdir=/tmp,workdir=/dev"));
	assert_true(slow_overlay(st.stx_mnt_id, "/a", "lowerdir=/proc:/usr"));
	assert_true(slow_overlay(st.stx_mnt_id, "/a", "lowerdir=/usr,upperdir=/proc/self/root/tmp"));
	assert_true(slow_overlay(st.stx_mnt_id, "/a", "lowerdir+=/usr,datadir+=/proc/fs"));
	/* what it covers itself is of the mount below it */
	assert_false(slow_overlay(st.stx_mnt_id, "/none/of", "lowerdir=/none/of:/none/of/this,upperdir=/tmp"));
	assert_true(slow_overlay(st.stx_mnt_id, "/none/of", "lowerdir=/none/off"));
	/* what cannot be told */
	assert_true(slow_overlay(st.stx_mnt_id, "/a", "lowerdir=/usr:usr"));
	assert_true(slow_overlay(st.stx_mnt_id, "/a", "lowerdir=/usr:/none/of/this"));
	assert_true(slow_overlay(st.stx_mnt_id, "/a", "lowerdir=/usr\\040/x"));
	assert_true(slow_overlay(st.stx_mnt_id, "/a", "lowerdir="));
	assert_true(slow_overlay(st.stx_mnt_id, "/a", "xino=off"));
	assert_false(slow_overlay(st.stx_mnt_id, "/", "lowerdir=/none/of/this,upperdir=/nor/this"));
}

/* As if /proc were one of them. */
static void test_ways(void **state)
{
	struct slow s = { .fd = -1 };
	char folder[] = "/tmp/test_slow.XXXXXX", line[64], link[64];
	auto_fd int base = -1;
	struct statx st;

	(void)state;
	assert_int_equal(statx(AT_FDCWD, "/proc", 0, STATX_MNT_ID, &st), 0);
	if (!(st.stx_mask & STATX_MNT_ID))
		skip();
	slow_begin(&s);
	s.changed = false;
	assert_false(slow_on_way(&s, AT_FDCWD, "/proc/version", false));
	snprintf(line, sizeof(line), "%llu 1 0:1 / /proc rw - proc-server x rw", (unsigned long long)st.stx_mnt_id);
	assert_int_equal(slow_parse(&s, str_of(line)), 0);
	assert_true(slow_on_way(&s, AT_FDCWD, "/proc/version", false));
	assert_true(slow_on_way(&s, AT_FDCWD, "/proc", false));
	assert_true(slow_on_way(&s, AT_FDCWD, "/./proc/sys/kernel/pid_max", false));
	assert_true(slow_on_way(&s, AT_FDCWD, "/proc/self/root/etc", false));
	assert_false(slow_on_way(&s, AT_FDCWD, "/", false));
	for (int i = 0; i < 2; i++) { /* that it is not there is known by then */
		assert_true(slow_on_way(&s, AT_FDCWD, "/proc/none", true));
		assert_false(slow_on_way(&s, AT_FDCWD, "/none", true));
		assert_false(slow_on_way(&s, AT_FDCWD, "/none/none", true));
	}
	assert_non_null(mkdtemp(folder));
	base = open(folder, O_PATH | O_DIRECTORY);
	assert_int_equal(symlinkat("../../../proc/version", base, "relative"), 0);
	assert_int_equal(symlinkat("/proc", base, "absolute"), 0);
	assert_int_equal(symlinkat("round", base, "round"), 0);
	for (int i = 0; i < 2; i++) { /* the kernel knows them when they are looked up for the second time */
		assert_true(slow_on_way(&s, base, "relative", false));
		assert_true(slow_on_way(&s, base, "absolute/version", false));
		assert_true(slow_on_way(&s, base, "absolute/../proc/version", false));
		assert_false(slow_on_way(&s, base, "absent/file", false));
		assert_false(slow_on_way(&s, base, ".", false));
	}
	snprintf(link, sizeof(link), "%s/absolute", folder);
	assert_true(slow_on_way(&s, AT_FDCWD, link, false));
	assert_int_equal(unlinkat(base, "relative", 0), 0);
	assert_int_equal(unlinkat(base, "absolute", 0), 0);
	assert_int_equal(unlinkat(base, "round", 0), 0);
	assert_int_equal(rmdir(folder), 0);
	slow_free(&s);
}

static bool leads_to(const struct slow *s, int root, const char *path, const struct stat *expected)
{
	struct slow copy = *s; /* the list is shared */
	auto_fd int fd = slow_open_below(&copy, root, path, 0);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && st.st_dev == expected->st_dev && st.st_ino == expected->st_ino;
}

/* As if /proc were one of them, again: what lies elsewhere is found also where the kernel would have to ask. */
static void test_below(void **state)
{
	static const char *const links[][2] = {
		{ "first", "file" }, { "up", "/../../file" }, { "far", "a/../file" }, { "round", "round" },
	};
	char folder[] = "/tmp/test_slow.XXXXXX", line[64];
	auto_fd int root = -1, base = -1, top = open("/", O_PATH | O_DIRECTORY);
	struct slow s = { .fd = -1, .asked = true };
	struct stat st;
	struct statx x;

	(void)state;
	assert_int_equal(statx(AT_FDCWD, "/proc", 0, STATX_MNT_ID, &x), 0);
	if (!(x.stx_mask & STATX_MNT_ID))
		skip();
	snprintf(line, sizeof(line), "%llu 1 0:1 / /proc rw - proc-server x rw", (unsigned long long)x.stx_mnt_id);
	assert_int_equal(slow_parse(&s, str_of(line)), 0);
	assert_non_null(mkdtemp(folder));
	root = open(folder, O_PATH | O_DIRECTORY);
	assert_int_equal(mkdirat(root, "a", 0700), 0);
	base = openat(root, "file", O_RDONLY | O_CREAT, 0600);
	assert_true(root >= 0 && base >= 0 && top >= 0 && fstat(base, &st) == 0);
	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		assert_int_equal(symlinkat(links[i][1], root, links[i][0]), 0);
	/* a link that was not followed since it was made is not known: to note that, the kernel may have to wait */
	usleep(20000); /* more than a tick of its time */
	assert_true(leads_to(&s, root, "/first", &st));
	assert_true(leads_to(&s, root, "/up", &st));
	assert_true(leads_to(&s, root, "/far", &st));
	assert_int_equal(slow_open_below(&s, root, "/round", 0), -ELOOP);
	assert_int_equal(slow_open_below(&s, root, "/none/file", 0), -ENOENT);
	assert_int_equal(slow_open_below(&s, top, "/proc/none-of-this", 0), -EAGAIN);
	s.unknown = true;
	assert_int_equal(slow_open_below(&s, root, "/nobody", 0), -EAGAIN);
	s.unknown = false;
	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		assert_int_equal(unlinkat(root, links[i][0], 0), 0);
	assert_int_equal(unlinkat(root, "file", 0), 0);
	assert_int_equal(unlinkat(root, "a", AT_REMOVEDIR), 0);
	assert_int_equal(rmdir(folder), 0);
	slow_free(&s);
}

/* Links of /proc may lead into the mounts of others, where nothing is known of what there is. */
static void test_leaving(void **state)
{
	char folder[] = "/tmp/test_slow.XXXXXX", link[64];
	auto_fd int root = open("/", O_PATH), memory = memfd_create("elsewhere", 0);
	struct slow s;

	(void)state;
	memset(&s, 0, sizeof(s));
	slow_begin(&s);
	assert_true(root >= 0 && memory >= 0 && mkdtemp(folder));
	snprintf(link, sizeof(link), "%s/link", folder);
	assert_int_equal(symlink("/proc/self/root", link), 0);
	for (int i = 0; i < 2; i++) {
		assert_true(slow_on_way(&s, AT_FDCWD, "/proc/self/root/etc", false));
		assert_true(slow_on_way(&s, AT_FDCWD, "/proc/self/cwd", false));
		s.apart = true;
		assert_true(slow_on_way(&s, AT_FDCWD, link, false));
		s.apart = false;
	}
	if (!slow_any(&s)) {
		assert_false(slow_on_way(&s, AT_FDCWD, link, false));
		assert_false(slow_on_way(&s, AT_FDCWD, "/proc/mounts", false));
		assert_false(slow_on_way(&s, AT_FDCWD, "/proc/thread-self/status", false));
	}
	assert_true(slow_is_ours(&s, root));
	assert_false(slow_is_ours(&s, memory));
	assert_int_equal(unlink(link), 0);
	assert_int_equal(rmdir(folder), 0);
	slow_free(&s);
}

static void test_answers(void **state)
{
	struct filesystem first, again;
	struct filesystem_memo memo = { 0 };
	struct stat st, expected;
	struct statfs fs;

	(void)state;
	assert_int_equal(filesystem_ask(&memo, getpid(), AT_FDCWD, "/proc/self/exe", &st, &first), 0);
	assert_int_equal(stat("/proc/self/exe", &expected), 0);
	assert_true(st.st_dev == expected.st_dev && st.st_ino == expected.st_ino && st.st_mode == expected.st_mode);
	assert_true(st.st_nlink == expected.st_nlink && st.st_uid == expected.st_uid && st.st_gid == expected.st_gid);
	assert_memory_equal(&st.st_ctim, &expected.st_ctim, sizeof(st.st_ctim));
	assert_int_equal(filesystem_ask(&memo, getpid(), AT_FDCWD, "/proc/self/exe", &st, &again), 0);
	assert_int_equal(memo.next <= 1, 1);
	assert_int_equal(statfs("/proc/self/exe", &fs), 0);
	assert_int_equal(first.overlay, fs.f_type == OVERLAYFS_SUPER_MAGIC);
	assert_int_equal(first.read_only, (fs.f_flags & ST_RDONLY) != 0);
	assert_memory_equal(&first, &again, sizeof(first));
	/* a process that is not there has no mounts */
	memo = (struct filesystem_memo){ 0 };
	assert_int_equal(filesystem_ask(&memo, INT_MAX, AT_FDCWD, "/proc/self/exe", &st, &again), 0);
	assert_int_equal(memo.next, 0);
	assert_false(again.overlay || again.read_only);
	assert_int_equal(filesystem_ask(&memo, getpid(), AT_FDCWD, "/proc/self/none", &st, &again), -ENOENT);
}

static void test_known(void **state)
{
	struct stat st, known;

	(void)state;
	assert_int_equal(stat("/proc/self/status", &st), 0);
	assert_int_equal(slow_stat("/proc/self/status", &known), 0);
	assert_int_equal(stat("/", &st), 0);
	assert_int_equal(slow_stat("/", &known), 0);
	assert_true(known.st_ino == st.st_ino && known.st_dev == st.st_dev && known.st_mode == st.st_mode &&
		    known.st_uid == st.st_uid);
	assert_true(slow_stat("/none", &known) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mounts),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_covers),
		cmocka_unit_test(test_overlays),
		cmocka_unit_test(test_ways),
		cmocka_unit_test(test_below),
		cmocka_unit_test(test_leaving),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
