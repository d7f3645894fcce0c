"""The trees of the notations that the two documents, the corpus and the probes use, as one line of text each."""

from __future__ import annotations

import pytest
from notation_text import text

from eqcompiler.errors import Source
from eqcompiler.languages.notation import Formula
from eqcompiler.reading.documents import formulas

TREES = {
    r"J(\theta) = \frac{1}{m} (X\theta - y)^T (X\theta - y)": (
        "<J (theta)> = <frac(1, m) (((+<X theta> -y)) ^T) ((+<X theta> -y))>"
    ),
    r"\mathcal{D} = {(x^{(i)}, y^{(i)})}_{i=1}^{m}": "D.cal = ({([(x ^(i)) , (y ^(i))])} _i = 1 ^m)",
    r"\mathcal{D} = \{(x^{(i)}, y^{(i)})\}_{i=1}^{m}": "D.cal = ({([(x ^(i)) , (y ^(i))])} _i = 1 ^m)",
    r"\theta^* = \arg\min_\theta J(\theta)": "(theta ^*.symbol) = argmin(theta..-: <J (theta)>)",
    r"\hat{\beta} = \arg\min_\beta \|y - X\beta\|_2^2 + \lambda \|\beta\|_1": (
        "beta.hat = argmin(beta..-: (+(||(+y -<X beta>)|| _2 ^2) +<lambda (||beta|| _1)>))"
    ),
    r"p(y|x,\theta) = \frac{1}{\sqrt{2\pi\sigma^2}}": "<p ([y | [x , theta]])> = frac(1, root(<2 pi (sigma ^2)>, -))",
    r"\exp\left(-\frac{(y - \theta^T x)^2}{2\sigma^2}\right)": ("exp[((-frac((((+y -<(theta ^T) x>)) ^2), <2 (sigma ^2)>)))]"),
    r"\lambda |\theta|_2^2 + |x||y| + ||a-b|| + \|a\|\|b\|": (
        "(+<lambda (|theta| _2 ^2)> +<|x| |y|> +||(+a -b)|| +<||a|| ||b||>)"
    ),
    r"g'(t) = \nabla f(x + t d)^T d": "<(g') (t)> = <(nabla1(-: <f ((+x +<t d>))>) ^T) d>",
    r"\nabla_\theta J^T d + \nabla^2 f(x) + \nabla_{\mathbf{x}} f_i(x)": (
        "(+<(nabla1(theta: J) ^T) d> +nabla2(-: <f (x)>) +nabla1(x.bold: <(f _i) (x)>))"
    ),
    r"\frac{\partial \, a^T X^2 b}{\partial X} = a b^T X^T": "partial(<(a ^T) (X ^2) b> / X^1) = <a (b ^T) (X ^T)>",
    r"\frac{\partial^2 f}{\partial x \partial y} + \frac{d^2 y}{dx^2} + \frac{\partial L}{\partial \sigma^2}": (
        "(+partial(f / x^1, y^1) +d(y / x^2) +partial(L / (sigma ^2)^1))"
    ),
    r"\partial J/\partial\theta + dy/dx + \partial_x f(x) + \frac{d}{dx} f(x) g(x) + \frac{d}{n}": (
        "(+partial(J / theta^1) +d(y / x^1) +partial(<f (x)> / x^1) +d(<f (x) g (x)> / x^1) +frac(d, n))"
    ),
    r"-\sum_{k=1}^{K} y_k \log p_k + \log \sum_l e^{z_l}": (
        "(-sum(k = 1..K: <(y _k) log[(p _k)]>) +log[sum(l..-: (e ^(z _l)))])"
    ),
    r"\sum_{i, j} A_{ij} x_i x_j + \sum_{j \ne i} x_j": (
        "(+sum([i , j]..-: <(A _<i j>) (x _i) (x _j)>) +sum(j != i..-: (x _j)))"
    ),
    "X_{i,:} + x_{-i} + y_{1:t} + k(x_{1:n}) + x_{*1}": (
        "(+(X _[i , -:-]) +(x _(-i)) +(y _1:t) +<k ((x _1:n))> +(x _<*.symbol 1>))"
    ),
    r"\operatorname{tr} A B + \operatorname{tr}(A)^2 I_n": "(+tr[<A B>] +<(tr[(A)] ^2) (I _n)>)",
    r"\log \det X + \sin^2 x \cos y + \sin x y + \sin 2x": "(+log[det[X]] +<sin^2[x] cos[y]> +sin[<x y>] +sin[<2 x>])",
    r"\max(0, x) + \max_i x_i + 1": "(+max[([0 , x])] +max(i..-: (x _i)) +1)",
    r"f^*(y) = \max_x \left\{ y^T x - \frac{1}{2} x^T A x \right\}": (
        "<(f ^*.symbol) (y)> = max(x..-: {(+<(y ^T) x> -<frac(1, 2) (x ^T) A x>)})"
    ),
    r"\max_x y^T x - \frac{1}{2} x^T A x - c": "(+max(x..-: (+<(y ^T) x> -<frac(1, 2) (x ^T) A x>)) -c)",
    r"\mathbb{E}_{x \sim p}[f(x)] + \mathbb{E}[X]^2 + \operatorname{Cov}[A x, B x] + E[x]": (
        "(+E(x sim p..-: [<f (x)>]) +(E(-..-: [X]) ^2) +Cov[[[<A x> , <B x>]]] +<E [x]>)"
    ),
    r"\int_0^1 x \cdot x^{a-1} (1 - x)^{b-1} \, dx = \int_1^x \ln t \, dt": (
        "int(0..1: (x * <(x ^(+a -1)) (((+1 -x)) ^(+b -1))>); dx) = int(1..x: ln[t]; dt)"
    ),
    r"\int\int l(x, y) \;d\mathbf{x}dy": "int(-..-: int(-..-: <l ([x , y])>; dx.bold); dy)",
    r"\lim_{x \to 0} \frac{1 - \cos(a x)}{x^2} = \frac{a^2}{2}": (
        "lim(x to 0..-: frac((+1 -cos[(<a x>)]), (x ^2))) = frac((a ^2), 2)"
    ),
    r"A^{-T} + A^{-\top} ": "(+(A ^(-T)) +(A ^(-top.symbol)))",
    r"A^+ + A^\dagger + B_+^{-1} + x^{\mathsf T} + x^\intercal": (
        "(+(A ^+.symbol) +(A ^dagger.symbol) +(B _+.symbol ^(-1)) +(x ^top.symbol) +(x ^top.symbol))"
    ),
    r"x^{\mathrm{T}} + A^{1/2} + f'' + f^{\prime}": "(+(x ^top.symbol) +(A ^(1 / 2)) +(f'') +(f'))",
    r"n! + \binom{n}{k} + (n-1)!^2 + \lceil x \rceil + \langle x, y \rangle": (
        "(+factorial[n] +binomial[([n , k])] +(factorial[((+n -1))] ^2) +lceilxrceil +<[x , y]>)"
    ),
    r"f(x) = \begin{cases} x & x > 0 \\ 0 & \text{otherwise} \end{cases}": '<f (x)> = cases{x & x > 0 ; 0 & "otherwise"}',
    r"\begin{pmatrix} A & B \\ 0 & D \end{pmatrix}^{-1}": "(pmatrix{A & B ; 0 & D} ^(-1))",
    r"h_\theta : \mathbb{R}^n \rightarrow \mathbb{R}": "(h _theta) : (R.bb ^n) to R.bb",
    r"X \in \mathbb{R}^{n \times n}, \quad a, b \in \mathbb{R}^{n}": "X in (R.bb ^(n * n)) ;; a ;; b in (R.bb ^n)",
    r"i = 1, \dots, m, \quad i \in \{1, \dots, m\}": "i = 1 ;; ... ;; m ;; i in {[1 , ... , m]}",
    r"y = a \quad \text{if } b = 0 \text{ and } A \text{ is invertible}": (
        'y = a ;; "if" ;; b = 0 ;; "and" ;; A ;; "is invertible"'
    ),
    r"\text{Machine Learning} = \text{Optimization} + \text{Statistics}": (
        "Machine Learning.word = (+Optimization.word +Statistics.word)"
    ),
    r"MSE = \frac{1}{n} \sum_{i=1}^{n} (y_i - \hat{y}_i)^2": (
        "MSE.word = <frac(1, n) sum(i = 1..n: (((+(y _i) -(y.hat _i))) ^2))>"
    ),
    r"A \in \mathbb{S}^n_{++}, p \in (0, 1], \theta_{t+1} \leftarrow \theta_t": (
        "A in (S.bb _++.symbol ^n) ;; p in ([0 , 1]] ;; (theta _(+t +1)) <- (theta _t)"
    ),
    r"\mathbf{1} = (1, \dots, 1)^T, \mathbf 1^T x, \lambda_{\max}(A), w_{\text{area}}": (
        "1.bold = (([1 , ... , 1]) ^T) ;; <(1.bold ^T) x> ;; <(lambda _max.word) (A)> ;; (w _area.word)"
    ),
    r"a/b c \cdot d / e + 2 \cdot -x": "(+(((a / <b c>) * d) / e) +(2 * (-x)))",
    r"x \mid y \sim \mathcal{N}(0, 1)": "[x | y sim <N.cal ([0 , 1])>]",
    r"\mathrm{softmax}(z)_i = \frac{e^{z_i}}{\sum_j e^{z_j}}": (
        "<softmax.word ((z) _i)> = frac((e ^(z _i)), sum(j..-: (e ^(z _j))))"
    ),
    r"\mathbf{w}^*, b^* = \operatorname*{argmin}_{\mathbf{w}, b}\  L(\mathbf{w}, b)": (
        "(w.bold ^*.symbol) ;; (b ^*.symbol) = argmin([w.bold , b]..-: <L ([w.bold , b])>)"
    ),
    r"\arg\min_{x : A x = b} \|x\|^2": "argmin(x : <A x> = b..-: (||x|| ^2))",
    r"a \stackrel{\textrm{def}}{=} b \coloneqq c": "a := b := c",
    r"\log(2|x|) + P(A | |B|) + x|x|": "(+log[(<2 |x|>)] +<P ([A | |B|])> +<x |x|>)",
    r"\mathbf{AB} x_{ij} W^{[l]} \hat{y_i} \bar{\mathbf{x}} \mathit{loss} \operatorname{loss}(w)": (
        "<A.bold B.bold (x _<i j>) (W ^[l]) (y.hat _i) x.bar.bold loss.word loss.word (w)>"
    ),
    r"U \sim \{x \in \mathbb{R} : x > 0\}": "U sim {x in R.bb : x > 0}",
    r"\log(x)^2 + \log |x|^2 + \exp\{a\} + \log_2 x + \ln\frac{a}{b}": (
        "(+(log[(x)] ^2) +log[(|x| ^2)] +exp[{a}] +log_2[x] +ln[frac(a, b)])"
    ),
    r"\min_D \max_G \{ - \log D(x) \}": "min(D..-: max(G..-: {(-log[<D (x)>])}))",
    r"\int_{-\infty}^{\infty} e^{-a x^2} \, dx": "int((-infty.symbol)..infty.symbol: (e ^(-<a (x ^2)>)); dx)",
    r"\frac12 x + \frac1n + \sqrt2": "(+<frac(1, 2) x> +frac(1, n) +root(2, -))",
    r"\Vert x \Vert \lvert y \rvert \big( z \big) \bigl| w \bigr|": "<||x|| |y| (z) |w|>",
    r"{\bf x}^T {\mathbf{W}^{(2)}}^\top": "<(x.bold ^T) ((W.bold ^(2)) ^top.symbol)>",
    r"a \not= b \ne c \succeq 0": "a != b != c succeq 0",
    r"\left\{ \begin{array}{ll} x & x > 0 \\ 0 & \text{otherwise} \end{array} \right.": ('cases{x & x > 0 ; 0 & "otherwise"}'),
    r"\underset{x \in C}{\arg\min} f(x)": "argmin(x in C..-: <f (x)>)",
    r"f(\cdot) + x_+ + x_* + \theta^-": "(+<f (cdot.symbol)> +(x _+.symbol) +(x _*.symbol) +(theta ^-.symbol))",
    "θ ≥ 0": "theta >= 0",
    r"\mathop{\mathrm{minimize}}_f l(f)": "min(f..-: <l (f)>)",
    r"P(A=a, B=b \mid C=c; \theta)": "<P ([[A = a , B = b] | [C = c ; theta]])>",
    r"\{x : x > 0\} \cup \{1, ..., n\}": "({x : x > 0} cup {[1 , ... , n]})",
    r"\sum_{\substack{i < j \\ j \ne k}} a_{ij}": "sum([i < j , j != k]..-: (a _<i j>))",
    r"f, g : \mathbb{R} \to \mathbb{R}": "f ;; g : R.bb to R.bb",
    r"a \bmod b \odot c": "((a mod b) odot c)",
    r"\overline{x} \vec{v} \dot x \tilde{\mathbf{W}}": "<x.bar v.vec x.dot W.tilde.bold>",
}


@pytest.mark.parametrize("latex", TREES)
def test_tree(latex: str) -> None:
    (formula,) = formulas(Source("tree.tex", f"\\[ {latex} \\]"))
    assert isinstance(formula, Formula), formula
    assert " ;; ".join(map(text, formula.parts)) == TREES[latex]
