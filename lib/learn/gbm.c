#include "learn/gbm.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"

#define BINS 256
#define NODES (2 * GBM_LEAVES - 1)

struct cell {
	double sum;
	double rows;
};

/* A node that is still a leaf: its rows, its histogram and its best cut. */
struct leaf {
	size_t first, rows;
	int node;
	double sum, gain;
	int feature, bin;
	struct cell *cell; /* [features * BINS] */
};

struct grower {
	const struct gbm_options *option;
	size_t n, features;
	uint8_t *bin;  /* [n * features] */
	uint32_t *row; /* rows of this tree, grouped by leaf */
	uint32_t *spare;
	double *residual;  /* [n] */
	struct cell *cell; /* [GBM_LEAVES * features * BINS] */
	struct leaf leaf[GBM_LEAVES];
	uint64_t random;
};

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Quantile cuts of one feature; equal values never fall apart. */
static int
find_cuts(size_t n, const double *sorted, double *cut)
{
	size_t k, at, distinct = n > 0;
	int cuts = 0;

	for (k = 1; k < n; k++)
		distinct += sorted[k] > sorted[k - 1];
	for (k = 1; distinct <= 254 && k < n; k++)
		if (sorted[k] > sorted[k - 1])
			cut[cuts++] = (sorted[k] + sorted[k - 1]) / 2;
	for (k = 1; distinct > 254 && k < 254; k++) {
		at = k * n / 254;
		if (sorted[at] > sorted[at - 1] &&
		    (cuts == 0 || sorted[at - 1] > cut[cuts - 1]))
			cut[cuts++] = (sorted[at] + sorted[at - 1]) / 2;
		else if (cuts == 0 || sorted[at] > cut[cuts - 1])
			cut[cuts++] = sorted[at];
	}
	return cuts;
}

/* 0 for NaN, else 1 + the number of cuts below x. */
static uint8_t
bin_of(const struct gbm *m, size_t feature, double x)
{
	const double *cut = m->cut[feature];
	int low = 0, high = m->cuts[feature];

	if (isnan(x))
		return 0;
	while (low < high) {
		int mid = (low + high) / 2;

		if (cut[mid] < x)
			low = mid + 1;
		else
			high = mid;
	}
	return (uint8_t)(low + 1);
}

static void
make_bins(struct gbm *m, size_t n, const double *x, uint8_t *bin)
{
	size_t f, i, filled, features = m->features;
	double *column;

	column = xmalloc(n * sizeof(*column));
	for (f = 0; f < features; f++) {
		for (i = filled = 0; i < n; i++)
			if (!isnan(x[i * features + f]))
				column[filled++] = x[i * features + f];
		qsort(column, filled, sizeof(*column), by_value);
		m->cuts[f] = find_cuts(filled, column, m->cut[f]);
	}
	free(column);
	for (i = 0; i < n; i++)
		for (f = 0; f < features; f++)
			bin[i * features + f] = bin_of(m, f, x[i * features + f]);
}

static void
fill_histogram(const struct grower *g, struct leaf *leaf)
{
	size_t i, f, features = g->features;

	memset(leaf->cell, 0, features * BINS * sizeof(*leaf->cell));
	for (i = leaf->first; i < leaf->first + leaf->rows; i++) {
		const uint8_t *bin = g->bin + g->row[i] * features;
		double r = g->residual[g->row[i]];

		for (f = 0; f < features; f++) {
			struct cell *c = &leaf->cell[f * BINS + bin[f]];

			c->sum += r;
			c->rows += 1;
		}
	}
}

static void
find_split(const struct grower *g, struct leaf *leaf)
{
	double l2 = g->option->l2, all = (double)leaf->rows, least = g->option->leaf_rows;
	double whole = leaf->sum * leaf->sum / (all + l2);
	size_t f;
	int b;

	leaf->gain = 0;
	for (f = 0; f < g->features; f++) {
		const struct cell *cell = leaf->cell + f * BINS;
		double sum = 0, rows = 0;

		for (b = 0; b < BINS - 1; b++) {
			double other, gain;

			if (cell[b].rows == 0)
				continue;
			sum += cell[b].sum;
			rows += cell[b].rows;
			if (rows < least)
				continue;
			if (all - rows < least)
				break;
			other = leaf->sum - sum;
			gain =
			    sum * sum / (rows + l2) + other * other / (all - rows + l2) - whole;
			if (gain > leaf->gain) {
				leaf->gain = gain;
				leaf->feature = (int)f;
				leaf->bin = b;
			}
		}
	}
}

/* Rows of the leaf that go left, moved to its front. */
static size_t
part_rows(struct grower *g, const struct leaf *leaf)
{
	size_t i, left = 0, right = 0;
	uint32_t *row = g->row + leaf->first;

	for (i = 0; i < leaf->rows; i++) {
		uint32_t r = row[i];

		if (g->bin[r * g->features + (size_t)leaf->feature] <= leaf->bin)
			row[left++] = r;
		else
			g->spare[right++] = r;
	}
	memcpy(row + left, g->spare, right * sizeof(*row));
	return left;
}

static void
split_leaf(
    struct grower *g, struct leaf *left, struct leaf *right, struct gbm_node *tree, int nodes)
{
	size_t i, cells = g->features * BINS;
	struct gbm_node *node = &tree[left->node];
	struct leaf *small, *large;
	struct cell *parent = left->cell;

	node->feature = (int16_t)left->feature;
	node->bin = (uint8_t)left->bin;
	node->left = (int16_t)nodes;
	node->right = (int16_t)(nodes + 1);
	i = part_rows(g, left);
	right->first = left->first + i;
	right->rows = left->rows - i;
	right->node = nodes + 1;
	left->rows = i;
	left->node = nodes;
	/* Count the smaller child; the larger takes over its parent's cells. */
	small = left->rows <= right->rows ? left : right;
	large = small == left ? right : left;
	small->cell = right->cell;
	large->cell = parent;
	fill_histogram(g, small);
	for (i = 0; i < cells; i++) {
		large->cell[i].sum -= small->cell[i].sum;
		large->cell[i].rows -= small->cell[i].rows;
	}
	small->sum = 0;
	for (i = 0; i < BINS; i++)
		small->sum += small->cell[i].sum;
	large->sum = 0;
	for (i = 0; i < BINS; i++)
		large->sum += large->cell[i].sum;
	find_split(g, left);
	find_split(g, right);
}

/* splitmix64, S. Vigna, public domain: one draw in [0, 1). */
static double
draw(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

static void
grow_tree(struct grower *g, struct gbm_node *tree)
{
	int leaves = 1, nodes = 1, k, best;
	struct leaf *root = &g->leaf[0];
	size_t i;

	for (k = 0; k < GBM_LEAVES; k++)
		g->leaf[k].cell = g->cell + (size_t)k * g->features * BINS;
	root->first = root->rows = 0;
	root->node = 0;
	root->sum = 0;
	for (i = 0; i < g->n; i++) {
		if (g->option->row_share < 1 && draw(&g->random) >= g->option->row_share)
			continue;
		g->row[root->rows++] = (uint32_t)i;
		root->sum += g->residual[i];
	}
	fill_histogram(g, root);
	find_split(g, root);
	while (leaves < g->option->leaves) {
		for (best = 0, k = 1; k < leaves; k++)
			if (g->leaf[k].gain > g->leaf[best].gain)
				best = k;
		if (!(g->leaf[best].gain > 0))
			break;
		split_leaf(g, &g->leaf[best], &g->leaf[leaves], tree, nodes);
		leaves++;
		nodes += 2;
	}
	for (k = 0; k < leaves; k++) {
		struct gbm_node *node = &tree[g->leaf[k].node];

		node->feature = -1;
		node->value = g->option->rate * g->leaf[k].sum /
			      ((double)g->leaf[k].rows + g->option->l2);
	}
}

static double
tree_value(const struct gbm_node *tree, const uint8_t *bin)
{
	const struct gbm_node *node = tree;

	while (node->feature >= 0)
		node = tree + (bin[node->feature] <= node->bin ? node->left : node->right);
	return node->value;
}

static bool
options_ok(const struct gbm_options *o)
{
	return o->trees >= 1 && o->trees <= 5000 && o->leaves >= 2 && o->leaves <= GBM_LEAVES &&
	       o->leaf_rows >= 1 && o->rate > 0 && o->rate <= 1 && o->l2 >= 0 &&
	       o->row_share > 0 && o->row_share <= 1;
}

static enum learn_status
boost(struct grower *g, struct gbm *m, const double *y)
{
	size_t i, t;

	for (i = 0; i < g->n; i++)
		m->base += y[i] / (double)g->n;
	if (!isfinite(m->base))
		return LEARN_NONFINITE;
	for (i = 0; i < g->n; i++)
		g->residual[i] = y[i] - m->base;
	for (t = 0; t < m->trees; t++) {
		struct gbm_node *tree = m->node + t * NODES;

		grow_tree(g, tree);
		for (i = 0; i < g->n; i++)
			g->residual[i] -= tree_value(tree, g->bin + i * g->features);
	}
	return LEARN_OK;
}

enum learn_status
gbm_fit(size_t rows, size_t features, const double *x, const double *y,
    const struct gbm_options *option, struct gbm *m)
{
	enum learn_status status;
	struct grower *g;

	memset(m, 0, sizeof(*m));
	if (features == 0 || features > GBM_FEATURES || !options_ok(option))
		return LEARN_RANGE;
	if (rows < 2 * (size_t)option->leaf_rows || rows > UINT32_MAX)
		return LEARN_SHORT;
	m->features = features;
	m->trees = (size_t)option->trees;
	m->node = xcalloc(m->trees * NODES, sizeof(*m->node));
	g = xcalloc(1, sizeof(*g));
	g->option = option;
	g->n = rows;
	g->features = features;
	g->random = option->seed;
	g->bin = xmalloc(rows * features);
	g->row = xmalloc(2 * rows * sizeof(*g->row));
	g->residual = xmalloc(rows * sizeof(*g->residual));
	g->cell = xmalloc(GBM_LEAVES * features * BINS * sizeof(*g->cell));
	g->spare = g->row + rows;
	make_bins(m, rows, x, g->bin);
	status = boost(g, m, y);
	free(g->bin);
	free(g->row);
	free(g->residual);
	free(g->cell);
	free(g);
	if (status != LEARN_OK)
		gbm_free(m);
	return status;
}

void
gbm_free(struct gbm *m)
{
	free(m->node);
	memset(m, 0, sizeof(*m));
}

enum learn_status
gbm_predict(const struct gbm *m, size_t rows, const double *x, double *out)
{
	uint8_t bin[GBM_FEATURES];
	size_t i, f, t;

	if (m->node == NULL)
		return LEARN_RANGE;
	for (i = 0; i < rows; i++) {
		for (f = 0; f < m->features; f++)
			bin[f] = bin_of(m, f, x[i * m->features + f]);
		out[i] = m->base;
		for (t = 0; t < m->trees; t++)
			out[i] += tree_value(m->node + t * NODES, bin);
	}
	return LEARN_OK;
}
