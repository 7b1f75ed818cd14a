// Nearest neighbours for neighbours/rough.py: selects candidates by bfloat16 similarity, then ranks them exactly.
#include <cmath>
#include <functional>
#include <limits>
#include <utility>

#include "numbers.h"

namespace {

constexpr float ROUNDING = 1.0f / 256;  // largest relative error of rounding to bfloat16
constexpr int64_t BLOCK = 64;  // columns compared at once before single ones are

// Bounds of a similarity, without the margin of its query.
struct Range {
    float least, most;
};

// Columns of one query that may be among its k nearest: kept[0] is their number. When it reaches kept[1], impossible
// columns are removed and kept[1] grows. A query with more than `room` candidates is given up: kept[0] = room + 1.
struct Candidates {
    int64_t k, room, *kept;
    float margin, *bound;
    Range* ranges;
    int32_t* columns;

    void add(Range range, int64_t column, std::vector<float>& sorted) {
        ranges[kept[0]] = range;
        columns[kept[0]++] = int32_t(column);
        if (kept[0] == kept[1]) sift(sorted);
    }

    // Remove columns that cannot reach the k-th largest similarity.
    void sift(std::vector<float>& sorted) {
        sorted.resize(kept[0]);
        for (int64_t i = 0; i < kept[0]; i++) sorted[i] = ranges[i].least;
        std::nth_element(sorted.begin(), sorted.begin() + k - 1, sorted.end(), std::greater<float>());
        *bound = sorted[k - 1] - margin;
        int64_t stay = 0;
        for (int64_t i = 0; i < kept[0]; i++) {
            ranges[stay] = ranges[i], columns[stay] = columns[i];
            stay += ranges[i].most >= *bound;
        }
        kept[0] = stay;
        kept[1] = std::min(room, 2 * stay + k);
        if (stay >= room) kept[0] = room + 1, *bound = std::numeric_limits<float>::infinity();
    }
};

// Dot product with many partial sums: fit for vector instructions, and more exact than one sum.
float product(const float* a, const float* b, int64_t size) {
    constexpr int64_t lanes = 64;
    float sums[lanes] = {}, rest = 0;
    int64_t i = 0;
    for (; i + lanes <= size; i += lanes)
        for (int64_t lane = 0; lane < lanes; lane++) sums[lane] += a[i + lane] * b[i + lane];
    for (; i < size; i++) rest += a[i] * b[i];
    for (int64_t width = lanes / 2; width; width /= 2)
        for (int64_t lane = 0; lane < width; lane++) sums[lane] += sums[lane + width];
    return sums[0] + rest;
}

}  // namespace

// Whether the processor multiplies bfloat16 faster than float32.
extern "C" int64_t bfloat16_products() {
#ifdef __AVX512BF16__
    return 1;
#else
    return 0;
#endif
}

// Keep columns that may be among the k nearest of each query. tile (queries, width): similarities to the columns from
// `first` on, rounded to bfloat16; offsets (width) are added to them.
extern "C" void keep_nearest_bfloat16(const BFloat16* tile, int64_t queries, int64_t width, const float* offsets,
                                      int64_t first, int64_t k, int64_t room, const float* margins, float* bounds,
                                      int64_t* kept, Range* ranges, int32_t* columns, int64_t threads) {
#pragma omp parallel num_threads(threads)
    {
        std::vector<float> sorted;
#pragma omp for
        for (int64_t query = 0; query < queries; query++) {
            Candidates all{k, room, kept + 2 * query, margins[query], bounds + query, ranges + query * room,
                           columns + query * room};
            for (int64_t start = 0; start < width; start += BLOCK) {
                const int64_t size = std::min(BLOCK, width - start);
                const BFloat16* block = tile + query * width + start;
                const float *offset = offsets + start, bound = *all.bound;
                float most[BLOCK];
                int any = 0;
                for (int64_t i = 0; i < size; i++) {
                    const float product = load(block[i]);
                    most[i] = product + ROUNDING * std::abs(product) + offset[i];
                    any |= most[i] >= bound;
                }
                if (!any) continue;
                for (int64_t i = 0; i < size && all.kept[0] <= room; i++) {
                    if (!(most[i] >= *all.bound)) continue;
                    all.add({most[i] - 2 * ROUNDING * std::abs(load(block[i])), most[i]}, first + start + i, sorted);
                }
            }
        }
    }
}

// The k nearest of each query among its candidates, closest first, from exact queries (n, size) and train (clips,
// size). Nothing is written for queries with fewer than k or more than `room` candidates.
extern "C" void take_nearest_float32(const float* queries, const float* train, int64_t n, int64_t size, int64_t k,
                                     int64_t room, const float* margins, float* bounds, int64_t* kept, Range* ranges,
                                     int32_t* columns, float* values, int64_t* rows, int64_t threads) {
#pragma omp parallel num_threads(threads)
    {
        std::vector<float> sorted;
        std::vector<std::pair<float, int64_t>> found;
#pragma omp for
        for (int64_t query = 0; query < n; query++) {
            Candidates all{k, room, kept + 2 * query, margins[query], bounds + query, ranges + query * room,
                           columns + query * room};
            if (all.kept[0] < k || all.kept[0] > room) continue;
            all.sift(sorted);
            found.resize(all.kept[0]);
            for (int64_t i = 0; i < all.kept[0]; i++) {
                const int64_t row = all.columns[i];
                found[i] = {-product(queries + query * size, train + row * size, size), row};
            }
            std::partial_sort(found.begin(), found.begin() + k, found.end());
            for (int64_t i = 0; i < k; i++) {
                values[query * k + i] = -found[i].first;
                rows[query * k + i] = found[i].second;
            }
        }
    }
}
