/* SPDX-License-Identifier: Apache-2.0 */
#include "output/spool.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static char folder[64];

static void write_file(const char *name, const uint8_t *bytes, size_t len)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || file_write_all(fd, bytes, len) < 0)
		abort();
	close(fd);
}

static void take_away(void)
{
	static const char *const names[] = { "0000000000000001.spool", "0000000000000002.spool",
					     "0000000000000003.spool", "position", "lock" };
	char path[128];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
	rmdir(folder);
}

/*
 * A folder as a crash or a bad disk may leave it: the first byte says how much is the position, the second
 * how much the first file, the rest is the second one. What was counted at the start is what comes out, and
 * then there is room for a new record.
 */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct spool_stats stats;
	struct spool_record record;
	struct spool *s = NULL;
	struct error err;
	size_t position, first;
	uint64_t n = 0;

	if (len < 2)
		return 0;
	if (!folder[0]) {
		snprintf(folder, sizeof(folder), "%s/fuzz_spool.XXXXXX",
			 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
		if (!mkdtemp(folder))
			abort();
		atexit(take_away);
	}
	position = bytes[0] % 32 < len - 2 ? bytes[0] % 32 : len - 2;
	first = (size_t)bytes[1] * 8 < len - 2 - position ? (size_t)bytes[1] * 8 : len - 2 - position;
	bytes += 2;
	len -= 2;
	write_file("position", bytes, position);
	write_file("0000000000000001.spool", bytes + position, first);
	write_file("0000000000000002.spool", bytes + position + first, len - position - first);
	if (spool_open(folder, 1 << 20, &s, &err) < 0)
		abort();
	spool_stats(s, &stats);
	while (spool_first(s, &record) > 0) {
		for (size_t i = 0; i < record.body.len; i++)
			if (record.body.ptr[i] == 1)
				record.kind++; /* reads all of it */
		if (spool_done(s, &err) < 0)
			abort();
		n++;
	}
	if (n != stats.records || spool_add(s, 3, STR("new"), &err) < 0 || spool_first(s, &record) != 1 ||
	    record.kind != 3 || !str_eq(record.body, STR("new")))
		abort();
	spool_done(s, &err);
	spool_free(s);
	return 0;
}
