/* SPDX-License-Identifier: Apache-2.0 */
/* `monitor test`: every test of the files that are named, and how they went. */
#include <errno.h>

#include "app/help.h"
#include "app/listing.h"
#include "app/log.h"
#include "app/options.h"
#include "app/signals.h"
#include "app/test_report.h"
#include "app/test_watch.h"

struct testing {
	struct options options;
	struct setup setup;
	char **rules; /* from the command line */
	size_t nrules;
	bool coverage;
};

static int run_cases(const struct testing *t, struct test_report *report, struct test_file *f, struct error *err)
{
	auto_strbuf struct strbuf detail = { 0 };
	struct test_rules rules = { 0 };
	enum test_outcome outcome;
	int r;

	r = test_rules_load(f, &t->setup, t->rules, t->nrules, t->coverage, &rules, err);
	for (const struct test_case *c = f->cases; c && r == 0; c = c->next) {
		struct error reason;

		strbuf_reset(&detail);
		r = test_run(&rules, c, &detail, &outcome, &reason);
		if (r == -ENOMEM) {
			*err = reason;
			break;
		}
		if (r < 0) {
			strbuf_adds(&detail, reason.text);
			outcome = TEST_FAILED;
			r = 0;
		}
		test_report_case(report, f, c, outcome, strbuf_str(&detail));
	}
	if (r == 0 && rules.coverage)
		r = test_report_coverage(report, rules.coverage);
	test_rules_free(&rules);
	return r;
}

/* A file that is bad is one failed test; the others are still run. */
static void run_file(const struct testing *t, struct test_report *report, const char *path, struct test_watch *watch)
{
	auto_test_file struct test_file *f = NULL;
	struct error err = { 0 };
	int r = test_file_load(path, &f, &err);

	test_watch_add(watch, path);
	for (size_t i = 0; r == 0 && i < f->nrules; i++)
		test_watch_add(watch, f->rules[i].ptr);
	for (size_t i = 0; i < t->nrules; i++)
		test_watch_add(watch, t->rules[i]);
	if (r == 0)
		r = run_cases(t, report, f, &err);
	if (r < 0)
		test_report_broken(report, path, str_of(err.text[0] ? err.text : strerror(-r)));
}

static int run_all(const struct testing *t, enum test_format format, struct test_watch *watch)
{
	struct test_report report = { .format = format, .verbose = options_has(&t->options, OPT_test_verbose) };
	int status;

	if (format == TEST_TAP)
		strbuf_adds(&report.out, "TAP version 13\n");
	for (int i = 0; i < t->options.noperands; i++)
		run_file(t, &report, t->options.operands[i], watch);
	test_report_end(&report, t->coverage);
	status = listing_print(&report.out);
	if (status == EXIT_OK && report.failed)
		status = EXIT_FAILED;
	test_report_free(&report);
	return status;
}

static int run(const struct testing *t, struct error *err)
{
	bool watched = options_has(&t->options, OPT_test_watch);
	struct test_watch watch = { .fd = -1 };
	int format, status, r;

	format = options_choice(&t->options, OPT_test_format, TEST_TEXT, err);
	if (format == TEST_JUNIT && t->coverage)
		format = error_set(err, -EINVAL, "--coverage is for --format text and tap: JUnit's has no place for it");
	if (format < 0)
		return log_failure(err, EXIT_USAGE);
	if (!watched)
		return run_all(t, (enum test_format)format, &watch);
	signals_catch();
	do {
		r = test_watch_start(&watch, err);
		if (r < 0)
			return log_failure(err, EXIT_FAILED);
		status = run_all(t, (enum test_format)format, &watch);
		r = test_watch_wait(&watch, err);
	} while (r > 0);
	test_watch_stop(&watch);
	return r < 0 ? log_failure(err, EXIT_FAILED) : status;
}

static int set_up(struct testing *t, struct error *err)
{
	static const struct setup_options ids = { OPT_test_config, OPT_test_plugin, .together = true };

	return setup_load(&t->setup, &t->options, &ids, err);
}

static int collect_rules(struct testing *t, struct error *err)
{
	const char *path;

	t->rules = calloc(t->options.ngiven + 1, sizeof(*t->rules));
	if (!t->rules)
		return error_set(err, -ENOMEM, "out of memory");
	while ((path = options_nth(&t->options, OPT_test_rules, t->nrules)))
		t->rules[t->nrules++] = (char *)path;
	t->coverage = options_has(&t->options, OPT_test_coverage);
	return 0;
}

int cmd_test(const struct command *c, int argc, char **argv)
{
	struct testing t = { 0 };
	struct error err = { 0 };
	int status;

	if (options_parse(c, argc, argv, &t.options, &err) < 0)
		return log_failure(&err, EXIT_USAGE);
	if (options_has(&t.options, OPT_test_help)) {
		status = help_command(c);
	} else if (!t.options.noperands) {
		log_error("test takes one file of tests or more");
		status = EXIT_USAGE;
	} else if (collect_rules(&t, &err) < 0 || set_up(&t, &err) < 0) {
		status = log_failure(&err, EXIT_FAILED);
	} else {
		status = run(&t, &err);
	}
	free(t.rules);
	setup_free(&t.setup);
	options_free(&t.options);
	return status;
}
