/* SPDX-License-Identifier: Apache-2.0 */
#include "rule/engine.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static const char rules[] =
	"- required_engine_version: 0.31.0\n"
	"- required_engine_version: 5\n"
	"- list: shells\n  items: [bash, 'a b']\n"
	"- list: more\n  items: [shells, zsh]\n"
	"- macro: unused\n  condition: fd.num > 3\n"
	"- macro: any\n  condition: proc.name = cat\n"
	"- macro: read\n  condition: evt.type = pread\n"
	"- macro: spawned\n  condition: evt.type in (execve, execveat)\n"
	"- rule: one\n  desc: d\n  condition: spawned and not proc.name in (more)\n"
	"  output: x %fd.name %proc.aname[2]\n  priority: INFO\n  tags: [b, a]\n"
	"  exceptions:\n  - {name: e, fields: [proc.name, fd.name], comps: [=, in], values: [[a, [b, c]]]}\n"
	"  - {name: open, fields: user.name}\n";

/* A format's values: each field, and what a whole chain of transformers makes of fields, which is one. */
static const struct {
	const char *output, *fields;
} values[] = {
	{ "%fd.name", "[\"fd.name\"]" },
	{ "%toupper(fd.name)", "[\"fd.name\",\"toupper(fd.name)\"]" },
	{ "%toupper(basename(fd.name))", "[\"fd.name\",\"toupper(basename(fd.name))\"]" },
	{ "%concat(tolower(fd.name), proc.name)",
	  "[\"fd.name\",\"tolower(fd.name)\",\"proc.name\",\"concat(tolower(fd.name),proc.name)\"]" },
	{ "%concat(proc.name, tolower(fd.name))",
	  "[\"proc.name\",\"fd.name\",\"concat(proc.name,tolower(fd.name))\"]" },
	{ "%concat(tolower(fd.name), 'a b')", "[\"fd.name\",\"concat(tolower(fd.name),\\\"a b\\\")\"]" },
	{ "%join(':', (fd.name,'x'))", "[\"fd.name\",\"join(:,(fd.name,x))\"]" },
	{ "%tolower(proc.name) %tolower(proc.name)",
	  "[\"proc.name\",\"tolower(proc.name)\",\"proc.name\",\"tolower(proc.name)\"]" },
	{ "%proc.name %evt.num %fd.name %evt.num", "[\"proc.name\",\"evt.num\",\"fd.name\",\"evt.num\"]" },
};

/* Parts of the description: by what they stand for. */
static const struct {
	const char *rule, *part;
} parts[] = {
	{ NULL,
	  "{\"lists\":[{\"details\":{\"items_compiled\":[\"bash\",\"a b\"],\"lists\":[],\"plugins\":[],\"used\":true},"
	  "\"info\":{\"items\":[\"bash\",\"a b\"],\"name\":\"shells\"}}," },
	{ NULL,
	  "{\"details\":{\"items_compiled\":[\"bash\",\"a b\",\"zsh\"],\"lists\":[\"shells\"],\"plugins\":[],\"used\":true},"
	  "\"info\":{\"items\":[\"zsh\"],\"name\":\"more\"}}]" },
	{ NULL, "\"used\":false},\"info\":{\"condition\":\"fd.num > 3\",\"name\":\"unused\"}}" },
	{ NULL,
	  "{\"details\":{\"condition_compiled\":\"evt.type in (execve, execveat)\",\"condition_fields\":[\"evt.type\"],"
	  "\"condition_operators\":[\"in\"],\"events\":[\"asyncevent\",\"execve\",\"execveat\"],\"lists\":[],\"macros\":[],"
	  "\"plugins\":[],\"used\":true},\"info\":{" },
	{ NULL, "\"required_engine_version\":\"0.31.0\",\"required_plugin_versions\":[],\"rules\":[{" },
	{ "one",
	  "{\"rules\":[{\"details\":{\"condition_compiled\":\"((evt.type in (execve, execveat) and not proc.name in (bash, \\\"a b\\\", "
	  "zsh)) and not (proc.name = a and fd.name in (b, c)))\",\"condition_fields\":[\"evt.type\",\"fd.name\",\"proc.name\"]," },
	{ "one",
	  "\"events\":[\"asyncevent\",\"execve\",\"execveat\"],\"exception_fields\":[\"fd.name\",\"proc.name\"],"
	  "\"exception_names\":[\"e\",\"open\"],\"exception_operators\":[\"=\",\"in\"],\"lists\":[\"more\"],\"macros\":[\"spawned\"]," },
	{ "one",
	  "\"output_fields\":[\"fd.name\",\"proc.aname[2]\"],\"plugins\":[]},\"info\":{\"capture\":false,\"capture_duration\":0,"
	  "\"condition\":\"spawned and not proc.name in (more)\",\"description\":\"d\",\"enabled\":true,\"name\":\"one\","
	  "\"output\":\"x %fd.name %proc.aname[2]\",\"priority\":\"Informational\",\"source\":\"syscall\",\"tags\":[\"a\",\"b\"]}}]}" },
};

static void test_parts(void **state)
{
	const struct engine_options options = { .min_priority = PRIORITY_DEBUG };
	auto_rule_loader struct rule_loader *l = NULL;
	const struct load_result *result;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(rule_loader_new(&options, &l, &err), 0);
	assert_int_equal(rule_loader_add(l, STR("f"), STR(rules), &result, &err), 0);
	assert_true(result->successful);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		struct strbuf out auto_strbuf = { 0 };
		auto_ruleset struct ruleset *compiled = NULL;

		/* whether or not the rules were compiled in between */
		if (i % 2)
			assert_int_equal(rule_loader_compile(l, &compiled, &err), 0);
		assert_int_equal(rule_loader_describe(l, parts[i].rule, &out, &err), 0);
		if (!strstr(out.ptr, parts[i].part))
			fail_msg("%s\nis not in\n%s", parts[i].part, out.ptr);
	}
}

static void test_output_fields(void **state)
{
	const struct engine_options options = { .min_priority = PRIORITY_DEBUG };

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		auto_rule_loader struct rule_loader *l = NULL;
		struct strbuf text auto_strbuf = { 0 }, out auto_strbuf = { 0 }, part auto_strbuf = { 0 };
		const struct load_result *result;
		struct error err = { 0 };

		strbuf_addf(&text, "- {rule: r, desc: d, condition: evt.type = open, output: \"%s\", priority: INFO}\n",
			    values[i].output);
		strbuf_addf(&part, "\"output_fields\":%s,", values[i].fields);
		assert_int_equal(rule_loader_new(&options, &l, &err), 0);
		assert_int_equal(rule_loader_add(l, STR("f"), strbuf_str(&text), &result, &err), 0);
		assert_int_equal(rule_loader_describe(l, NULL, &out, &err), 0);
		if (!strstr(out.ptr, part.ptr))
			fail_msg("%s\nis not in\n%s", part.ptr, out.ptr);
	}
}

/*
 * Falco's unused types are called NA; a call with a type of its own is listed by that alone, and the call of
 * no name not at all.
 */
static void test_events(void **state)
{
	const struct engine_options options = { .min_priority = PRIORITY_DEBUG };
	auto_rule_loader struct rule_loader *l = NULL;
	struct strbuf out auto_strbuf = { 0 };
	const struct load_result *result;
	struct error err = { 0 };
	char *any, *end;

	(void)state;
	assert_int_equal(rule_loader_new(&options, &l, &err), 0);
	assert_int_equal(rule_loader_add(l, STR("f"), STR(rules), &result, &err), 0);
	assert_int_equal(rule_loader_describe(l, NULL, &out, &err), 0);
	assert_non_null(strstr(out.ptr, "\"events\":[\"asyncevent\",\"pread\"]"));
	any = strstr(out.ptr, "\"condition_compiled\":\"proc.name = cat\"");
	assert_non_null(any);
	end = strstr(any, "\"info\"");
	assert_non_null(end);
	*end = 0;
	assert_non_null(strstr(any, "\"NA\""));
	assert_non_null(strstr(any, "\"alarm\""));
	assert_non_null(strstr(any, "\"pread\""));
	assert_null(strstr(any, "\"pread64\""));
	assert_null(strstr(any, "\"syscall\""));
	assert_null(strstr(any, "\"unknown\""));
}

static void test_refused(void **state)
{
	const struct engine_options options = { .min_priority = PRIORITY_DEBUG };
	auto_rule_loader struct rule_loader *l = NULL;
	struct strbuf out auto_strbuf = { 0 };
	const struct load_result *result;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(rule_loader_new(&options, &l, &err), 0);
	assert_int_equal(rule_loader_add(l, STR("f"), STR(rules), &result, &err), 0);
	assert_int_equal(rule_loader_describe(l, "two", &out, &err), -ENOENT);
	assert_int_equal(rule_loader_add(l, STR("g"), STR("- rule: x\n"), &result, &err), 0);
	assert_int_equal(rule_loader_describe(l, NULL, &out, &err), -EINVAL);
}

/* Each source has catalogues of its own of the same plugins. */
static struct foreign_catalogue *catalogue(const char *name)
{
	static struct foreign_field fields[4];
	static size_t n;
	struct foreign_catalogue *c;

	fields[n] = (struct foreign_field){ .name = name,
					    .class = "foreign",
					    .help = "a field",
					    .type = PT_CHARBUF,
					    .flags = FIELD_ARG_KEY | FIELD_ARG_ALLOWED };
	assert_int_equal(foreign_catalogue_new(&fields[n++], 1, &c), 0);
	return c;
}

static const struct {
	const char *source, *condition, *output, *events, *plugins;
} uses[] = {
	{ "audit", "aud.it exists", "x", "[\"asyncevent\",\"pluginevent\"]", "[\"audit\"]" },
	{ "audit", "js.on[/a] = b", "x", "[\"asyncevent\",\"pluginevent\"]", "[\"audit\",\"json\"]" },
	{ "audit", "evt.num > 0", "x %js.on[/a]", "[\"asyncevent\",\"pluginevent\"]", "[\"audit\",\"json\"]" },
	{ "syscall", "evt.type = chdir", "x", "[\"asyncevent\",\"chdir\"]", "[]" },
	{ "syscall", "evt.type = chdir and js.on[/a] = b", "x", "[\"asyncevent\",\"chdir\"]", "[\"json\"]" },
	{ "syscall", "evt.type in (chdir, alarmed)", "x", "[\"asyncevent\",\"chdir\"]", "[\"sender\"]" },
	{ "syscall", "evt.type = chdir and container.id = host", "x", "[\"asyncevent\",\"chdir\"]", "[\"container\"]" },
};

static void test_plugins(void **state)
{
	const struct str async = STR("alarmed");
	struct foreign_catalogue *ours[] = { catalogue("js.on"), catalogue("aud.it") }, *of_calls = catalogue("js.on");
	const struct engine_source source = {
		STR("audit"),
		{ .generic = true, .foreign = (const struct foreign_catalogue *const *)ours, .nforeign = 2 }
	};
	const struct engine_plugin plugins[] = {
		{ STR("json"), STR("1.0.0"), STR(""), of_calls, NULL, 0 },
		{ STR("audit"), STR("1.0.0"), STR("audit"), ours[1], NULL, 0 },
		{ STR("sender"), STR("1.0.0"), STR(""), NULL, &async, 1 },
	};
	const struct engine_options options = {
		.min_priority = PRIORITY_DEBUG,
		.sources = &source,
		.nsources = 1,
		.plugins = plugins,
		.nplugins = 3,
		.fields = { .container_plugin = true,
			    .foreign = (const struct foreign_catalogue *const *)&of_calls,
			    .nforeign = 1,
			    .async_events = &async,
			    .nasync = 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
		struct strbuf text auto_strbuf = { 0 }, out auto_strbuf = { 0 }, events auto_strbuf = { 0 },
				   used auto_strbuf = { 0 };
		auto_rule_loader struct rule_loader *l = NULL;
		const struct load_result *result;
		struct error err = { 0 };

		strbuf_addf(&text, "- {rule: r, desc: d, condition: '%s', output: '%s', priority: INFO, source: %s}\n",
			    uses[i].condition, uses[i].output, uses[i].source);
		strbuf_addf(&events, "\"events\":%s,", uses[i].events);
		strbuf_addf(&used, "\"plugins\":%s}", uses[i].plugins);
		assert_int_equal(rule_loader_new(&options, &l, &err), 0);
		assert_int_equal(rule_loader_add(l, STR("f"), strbuf_str(&text), &result, &err), 0);
		assert_int_equal(rule_loader_describe(l, "r", &out, &err), 0);
		if (!strstr(out.ptr, events.ptr) || !strstr(out.ptr, used.ptr))
			fail_msg("%s or %s\nis not in\n%s", events.ptr, used.ptr, out.ptr);
	}
	foreign_catalogue_free(ours[0]);
	foreign_catalogue_free(ours[1]);
	foreign_catalogue_free(of_calls);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_parts), cmocka_unit_test(test_output_fields),
					    cmocka_unit_test(test_events), cmocka_unit_test(test_refused),
					    cmocka_unit_test(test_plugins) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
