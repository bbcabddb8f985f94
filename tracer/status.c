/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/status.h"

#include <stdio.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/parse.h"
#include "tracer/procfs_folder.h"

int status_read(pid_t tid, char **ret_text)
{
	char path[PROCFS_PATH_BYTES];

	procfs_path(path, tid, "status");
	return file_read_all_at(procfs_folder(), path, STATUS_BYTES, ret_text, NULL, NULL);
}

struct str status_line(const char *text, const char *key)
{
	char start[32];
	const char *at;

	snprintf(start, sizeof(start), "\n%s:", key);
	at = strstr(text, start);
	if (!at)
		return STR("");
	at += strlen(start);
	at += strspn(at, "\t ");
	return (struct str){ at, strcspn(at, "\n") };
}

bool status_has_signal(pid_t tid, const char *key, uint64_t signals)
{
	auto_free char *text = NULL;
	uint64_t set;

	return status_read(tid, &text) == 0 && parse_hex_u64(status_line(text, key), &set) == 0 && set & signals;
}
