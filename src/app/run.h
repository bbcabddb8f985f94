/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_RUN_H
#define MONITOR_APP_RUN_H

#include "app/capture.h"
#include "app/drops.h"
#include "app/explain.h"
#include "app/housekeeping.h"
#include "app/intercept.h"
#include "app/notice.h"
#include "app/recording.h"
#include "app/reload.h"
#include "app/session.h"
#include "tracer/tracer.h"

/* What the files of `monitor run` share: cmd_run.c and run_*.c. Nobody else includes this. */

/* --summary */
struct run_summary {
	const char *path; /* NULL = none was asked for; borrowed */
	int fd; /* valid with a path */
	bool again; /* a file: it can be written again */
	int failed; /* -errno: told already */
	int code; /* what monitor run ends with; -1 = as the command */
	uint64_t end; /* epoch ns: the command's; 0 = not yet */
};

struct run {
	struct options options;
	struct session session;
	struct exporters exporters;
	struct housekeeping housekeeping;
	struct tracer_options tracer;
	char container[SCAP_CONTAINER_BYTES]; /* the id of the one that the monitor is in; the source has it */
	struct recording recording;
	struct drops drops;
	struct capture capture;
	enum intercept_scope scope;
	struct intercept_set intercept; /* INTERCEPT_STATE */
	struct intercept_want *wants;
	struct config *config; /* --config; NULL = none */
	struct plugins plugins; /* as they were loaded at the start */
	struct engine_options offered; /* what they add to that of rules */
	int fail_on;
	bool match_realpath, verbose, json;
	bool finished; /* the front was let go */
	uint64_t end_by; /* monotonic ms: asked to end, and the command has not ended; 0 = not asked */
	struct explain explain;
	struct notice notice;
	struct run_summary summary;
	int stream; /* for alerts, -1 = none; a copy of our own … */
	int stream_known; /* … of this one */
};

/* ---- run_options.c: the command line and the configuration, checked before anything is touched ---- */

/* *ret_config stays NULL when none is asked for; it is the caller's. */
int run_load_config(const struct run *run, struct config **ret_config, struct error *err);
/* Leaves standard output to the command; whether the configuration, which may be NULL, has alerts go there. */
bool run_spare_stdout(struct config *config);
/* What must be known of the summary's file before it is opened, and of others that are written before they are. */
int run_check_summary(const struct run *run, struct error *err);
int run_check_files(const struct run *run, struct error *err);
int run_read_options(struct run *run, struct error *err);

/* ---- run_reload.c: rules, at the start and while the command runs ---- */

int run_read_rules(const struct run *run, const struct config *c, struct rules_input *in, struct error *err);
/*
 * Tells the configuration's warnings, too. The results are the caller's, and on failure the limits may have
 * been made.
 */
int run_compile_rules(const struct run *run, const struct config *c, const struct rules_input *in,
		      struct ruleset **ret_rules, struct limits **limits, struct error *err);
/*
 * Whether more is intercepted than the rules ask for: then run_widen() says what. *ret_wants is the caller's;
 * *ret_set borrows from it.
 */
bool run_is_wide(const struct run *run);
int run_widen(const struct run *run, const struct ruleset *rules, struct intercept_set *ret_set,
	      struct intercept_want **ret_wants);
/* *ret_reload stays NULL when nothing is loaded again. */
int run_allow_reload(struct run *run, struct reload **ret_reload, struct error *err);

/* ---- run_tell.c: what it says of itself, to the log ---- */

/* Once, before the first alert could be missed for what was lost. */
void run_tell_start(const struct run *run);
/* Why the exit status is not the command's. */
void run_tell_failed(const struct run *run, const struct tracer_status *status);
/* --verbose, at the end */
void run_tell_summary(const struct run *run);

/* ---- run_summary.c: what --summary writes ---- */

/* Makes the file empty: it stays so until the end, and for good when the monitor is killed. */
int run_summary_open(struct run *run, struct error *err);
/*
 * Writes the object, at the command's end and, last, at the monitor's; what cannot be written again is
 * written then alone. error: what went wrong, NULL = nothing.
 */
void run_summary_write(struct run *run, const char *error, bool last);

#endif
