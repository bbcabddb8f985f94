/* SPDX-License-Identifier: Apache-2.0 */
#include "app/limits.h"

#include <errno.h>

#include "base/limits.h"
#include "field/format.h"
#include "rule/glob.h"
#include "state/table.h"

struct limit {
	struct str rule; /* a pattern */
	struct format *key; /* NULL = by rule alone */
	uint64_t interval; /* ns */
	uint64_t alerts; /* that are delivered in one */
	/* bursts by their start; all of a limit last equally long */
	struct limits_burst *first, **last;
};

/* The alerts of one rule and key since the first one. */
struct limits_burst {
	struct limits_burst *next; /* of the limit */
	struct limits_burst *same; /* with the same hash */
	struct limit *limit;
	char *name; /* rule, NUL, key */
	size_t name_len;
	uint64_t hash, start;
	uint64_t alerts, held, held_since;
	struct alert_copy *last; /* that was held back */
};

struct limits {
	struct limit *list;
	struct rule_reads *reads; /* parallel to list */
	size_t count;
	bool live;
	const struct ruleset *rules;
	struct limit **by_rule; /* NULL = the rule is under none */
	struct table bursts; /* by hash */
	size_t nbursts;
	uint64_t due; /* no burst is over before */
	struct strbuf name;
	struct limits_burst *ended; /* borrowed by whoever took its alert */
};

/* ---- bursts -------------------------------------------------------------------------------------------- */

static void free_burst(struct limits_burst *b)
{
	if (!b)
		return;
	alert_let_go(b->last);
	free(b->name);
	free(b);
}

static struct limits_burst *find(const struct limits *l, struct str name, uint64_t hash)
{
	struct limits_burst *b = table_get(&l->bursts, (int64_t)hash);

	while (b && !str_eq((struct str){ b->name, b->name_len }, name))
		b = b->same;
	return b;
}

static struct limits_burst *begin(struct limits *l, struct limit *limit, struct str name, uint64_t hash, uint64_t now)
{
	struct limits_burst *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->name = str_dup(name);
	b->name_len = name.len;
	b->limit = limit;
	b->hash = hash;
	b->start = now;
	b->same = table_get(&l->bursts, (int64_t)hash);
	if (!b->name || table_put(&l->bursts, (int64_t)hash, b) < 0) {
		free_burst(b);
		return NULL;
	}
	*limit->last = b;
	limit->last = &b->next;
	l->nbursts++;
	if (now + limit->interval < l->due)
		l->due = now + limit->interval;
	return b;
}

/* Out of the limit's row, whose first it is, and of the table. */
static void take_out(struct limits *l, struct limits_burst *b)
{
	struct limits_burst *head = table_get(&l->bursts, (int64_t)b->hash), **link = &head;

	while (*link != b)
		link = &(*link)->same;
	*link = b->same;
	if (head)
		(void)table_put(&l->bursts, (int64_t)b->hash, head); /* replaces: needs no memory */
	else
		(void)table_remove(&l->bursts, (int64_t)b->hash);
	b->limit->first = b->next;
	if (!b->next)
		b->limit->last = &b->limit->first;
	l->nbursts--;
}

/* ---- alerts -------------------------------------------------------------------------------------------- */

struct limits_burst *limits_hold(struct limits *l, struct field_context *ctx, uint32_t rule)
{
	struct limit *limit = l->by_rule[rule];
	struct limits_burst *b;
	struct rule_view view;
	uint64_t hash;

	if (!limit)
		return NULL;
	ruleset_get(l->rules, rule, &view);
	strbuf_reset(&l->name);
	strbuf_addstr(&l->name, view.name);
	strbuf_addc(&l->name, 0);
	if (limit->key)
		format_render(limit->key, ctx, &l->name);
	if (l->name.failed)
		return NULL;
	hash = str_hash(strbuf_str(&l->name));
	b = find(l, strbuf_str(&l->name), hash);
	if (!b)
		b = begin(l, limit, strbuf_str(&l->name), hash, ctx->ev->ts);
	if (!b || ++b->alerts <= limit->alerts)
		return NULL; /* also when memory is short: rather one too many */
	if (!b->held++)
		b->held_since = ctx->ev->ts;
	ctx->held = b->held;
	ctx->held_since = b->held_since;
	return b;
}

/* Short memory leaves the one before, whose count is lower. */
void limits_keep(struct limits_burst *b, const struct alert *a)
{
	struct alert_copy *copy = alert_keep(a);

	if (!copy)
		return;
	alert_let_go(b->last);
	b->last = copy;
}

/* ---- time ---------------------------------------------------------------------------------------------- */

bool limits_are_due(const struct limits *l, uint64_t now)
{
	return now >= l->due || l->nbursts > LIMIT_BURSTS;
}

bool limits_are_live(const struct limits *l)
{
	return l->live;
}

/* The burst that is over first; with too many of them, the oldest, though it is not over. */
static struct limits_burst *find_ended(struct limits *l, uint64_t now)
{
	struct limits_burst *ended = NULL;

	l->due = UINT64_MAX;
	for (size_t i = 0; i < l->count; i++) {
		struct limits_burst *b = l->list[i].first;

		if (!b)
			continue;
		if (b->start + b->limit->interval < l->due) {
			l->due = b->start + b->limit->interval;
			ended = b;
		}
	}
	return ended && (now >= l->due || l->nbursts > LIMIT_BURSTS) ? ended : NULL;
}

const struct alert *limits_expire(struct limits *l, uint64_t now)
{
	struct limits_burst *b;

	while ((b = find_ended(l, now))) {
		take_out(l, b);
		free_burst(l->ended);
		l->ended = b;
		if (b->held && b->last)
			return &b->last->alert;
	}
	return NULL;
}

/* ---- life ---------------------------------------------------------------------------------------------- */

int limits_bind(struct limits *l, const struct ruleset *rules, struct error *err)
{
	size_t n = ruleset_count(rules);
	struct limit **by_rule = calloc(n + 1, sizeof(struct limit *));

	if (!by_rule)
		return error_set(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < n; i++) {
		struct rule_view view;

		ruleset_get(rules, i, &view);
		for (size_t k = 0; k < l->count && !by_rule[i]; k++)
			if (glob_match(l->list[k].rule, view.name, false))
				by_rule[i] = &l->list[k];
	}
	free(l->by_rule);
	l->by_rule = by_rule;
	l->rules = rules;
	return 0;
}

/* "%proc.name %container.id": the fields' values as outputs print them. */
static int compile_key(const struct config_limit *from, const struct field_options *fields, struct format **ret_key,
		       struct error *err)
{
	auto_strbuf struct strbuf text = { 0 };

	*ret_key = NULL;
	for (size_t i = 0; i < from->nkey; i++) {
		strbuf_adds(&text, i ? " %" : "%");
		strbuf_addstr(&text, from->key[i]);
	}
	if (text.failed)
		return error_set(err, -ENOMEM, "out of memory");
	return text.len ? format_compile(strbuf_str(&text), fields, ret_key, err) : 0;
}

int limits_new(const struct config *config, const struct field_options *fields, bool live, struct limits **ret_limits,
	       struct error *err)
{
	struct limits *l;
	int r = 0;

	*ret_limits = NULL;
	if (!config->nlimits)
		return 0;
	l = calloc(1, sizeof(*l));
	if (l)
		l->list = calloc(config->nlimits, sizeof(*l->list));
	if (l)
		l->reads = calloc(config->nlimits, sizeof(*l->reads));
	if (!l || !l->list || !l->reads) {
		limits_free(l);
		return error_set(err, -ENOMEM, "out of memory");
	}
	l->live = live;
	l->due = UINT64_MAX;
	for (size_t i = 0; r == 0 && i < config->nlimits; i++) {
		const struct config_limit *from = &config->limits[i];
		struct limit *to = &l->list[l->count++];

		*to = (struct limit){ .rule = from->rule, .interval = from->interval_ns, .alerts = from->alerts };
		to->last = &to->first;
		r = compile_key(from, fields, &to->key, err);
		if (r < 0)
			error_prefix(err, r, "monitor.limits[%zu].key", i);
		l->reads[i] = (struct rule_reads){ to->rule, to->key ? format_reads(to->key) : 0 };
	}
	if (r < 0) {
		limits_free(l);
		return r;
	}
	*ret_limits = l;
	return 0;
}

size_t limits_reads(const struct limits *l, const struct rule_reads **ret_reads)
{
	*ret_reads = l ? l->reads : NULL;
	return l ? l->count : 0;
}

void limits_free(struct limits *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->count; i++) {
		while (l->list[i].first) {
			struct limits_burst *b = l->list[i].first;

			take_out(l, b);
			free_burst(b);
		}
		format_free(l->list[i].key);
	}
	free_burst(l->ended);
	table_free(&l->bursts);
	strbuf_free(&l->name);
	free(l->by_rule);
	free(l->reads);
	free(l->list);
	free(l);
}
